//! Programs of random calls, a few of them in every run of the tests.

use proptest::prelude::*;

use crate::sequences::program::Program;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_called_in_whatever_order_the_host_lives_and_everything_comes_back(
        bytes in proptest::collection::vec(any::<u8>(), 0..6000)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let _here = runtime.enter();
        let ended = Program::of(&bytes).run();
        prop_assert!(ended.is_ok(), "{ended:?} after {:#?}", Program::of(&bytes));
    }
}

#[test]
fn nothing_is_a_program_too() {
    assert_eq!(Program::of(&[]).run(), Ok(0));
}
