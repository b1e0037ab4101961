//! Charges, caps, and that everything goes back.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Account, CHARGED, Caps, Charged, Credit};

fn tree() -> (Arc<Account>, Arc<Account>, [Arc<Account>; 2]) {
    let adapter = Account::new("the adapter", Caps::NONE.with(Charged::Memory, 100), None);
    let tenant = Account::new(
        "the tenant a",
        Caps::NONE.with(Charged::Memory, 60),
        Some(Arc::clone(&adapter)),
    );
    let workload = |name: &str| {
        Account::new(
            name,
            Caps::NONE.with(Charged::Memory, 50),
            Some(Arc::clone(&tenant)),
        )
    };
    let workloads = [workload("one"), workload("two")];
    (adapter, tenant, workloads)
}

#[test]
fn what_a_workload_is_charged_its_tenant_and_the_adapter_are() {
    let (adapter, tenant, [one, _]) = tree();
    let credit = one.charge(Charged::Memory, 30).unwrap();
    for account in [&adapter, &tenant, &one] {
        assert_eq!(account.used(Charged::Memory), 30);
    }
    drop(credit);
    for account in [&adapter, &tenant, &one] {
        assert_eq!(account.used(Charged::Memory), 0);
        assert_eq!(account.peak(Charged::Memory), 30);
    }
}

#[test]
fn a_refusal_names_the_account_and_leaves_nothing_charged() {
    let (adapter, tenant, [one, two]) = tree();
    let _held = one.charge(Charged::Memory, 40).unwrap();
    let error = two.charge(Charged::Memory, 30).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the tenant a has 40 of 60 bytes of GPU memory in use, and 30 more were asked for"
    );
    assert_eq!(two.used(Charged::Memory), 0);
    assert_eq!(adapter.used(Charged::Memory), 40);
    assert_eq!(
        (
            tenant.refusals(Charged::Memory),
            two.refusals(Charged::Memory)
        ),
        (1, 0)
    );
}

#[test]
fn the_ceiling_is_the_smallest_cap_on_the_way_up() {
    let (_, tenant, [one, _]) = tree();
    assert_eq!(one.ceiling(Charged::Memory), 50);
    assert_eq!(tenant.ceiling(Charged::Memory), 60);
    assert_eq!(one.ceiling(Charged::Objects), u64::MAX);
}

#[test]
fn an_amount_that_no_number_can_hold_is_refused() {
    let account = Account::new("all", Caps::NONE, None);
    let _one = account.charge(Charged::Objects, u64::MAX).unwrap();
    assert!(account.charge(Charged::Objects, 1).is_err());
}

proptest! {
    #[test]
    fn the_sum_of_the_members_is_the_whole_and_never_above_a_cap(
        steps in proptest::collection::vec((any::<bool>(), 0_usize..2, 0_u64..40), 1..200),
    ) {
        let (adapter, tenant, workloads) = tree();
        let mut held: Vec<Credit> = Vec::new();
        for (take, who, amount) in steps {
            if take {
                held.extend(workloads[who].charge(Charged::Memory, amount));
            } else if !held.is_empty() {
                drop(held.swap_remove(amount as usize % held.len()));
            }
            let sum: u64 = workloads.iter().map(|account| account.used(Charged::Memory)).sum();
            prop_assert_eq!(tenant.used(Charged::Memory), sum);
            prop_assert_eq!(adapter.used(Charged::Memory), sum);
            prop_assert!(sum <= 60);
        }
        drop(held);
        for account in workloads.iter().chain([&adapter, &tenant]) {
            for what in CHARGED {
                prop_assert_eq!(account.used(what), 0);
            }
        }
    }
}
