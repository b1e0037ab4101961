//! Who gets what, on the backend without a driver.

use std::sync::Arc;

use super::{Broker, NoHold};
use crate::ask::{Allowed, Ask};
use crate::broker::{Backend, Inventory, Roots, Selector};
use crate::ledger::Charged;

fn broker(allowed: Allowed) -> Arc<Broker> {
    let nowhere = std::path::PathBuf::from("/nonexistent");
    let roots = Roots {
        sys: nowhere.clone(),
        proc: nowhere.clone(),
        dev: nowhere,
        ..Roots::default()
    };
    Broker::new(
        Inventory::take(&roots, Backend::Noop),
        Selector::Auto,
        allowed,
    )
}

fn ask(config: &[(&str, &str)]) -> Ask {
    Ask::read(config.iter().copied()).unwrap()
}

#[test]
fn workloads_of_a_tenant_share_what_it_may_have() {
    let broker = broker(Allowed {
        memory: 100,
        ..Allowed::default()
    });
    let one = broker.hold("a", "one", &ask(&[("memory", "80")])).unwrap();
    let two = broker.hold("a", "two", &ask(&[("memory", "80")])).unwrap();
    let other = broker.hold("b", "one", &ask(&[("memory", "80")])).unwrap();
    let _held = one.account().charge(Charged::Memory, 80).unwrap();
    let error = two.account().charge(Charged::Memory, 80).unwrap_err();
    assert_eq!(error.owner, "the tenant a");
    assert!(other.account().charge(Charged::Memory, 80).is_ok());
}

#[test]
fn the_adapter_is_opened_once_while_somebody_uses_it() {
    let hold = broker(Allowed::default())
        .hold("a", "one", &Ask::default())
        .unwrap();
    let (one, other) = (hold.lease().unwrap(), hold.lease().unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    drop((one, other));
    assert!(hold.lease().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_nobody_uses_is_closed_after_a_while_and_opened_again() {
    let hold = broker(Allowed::default())
        .hold("a", "one", &Ask::default())
        .unwrap();
    let used = hold.lease().unwrap();
    tokio::time::sleep(10 * super::IDLE).await;
    assert!(hold.is_open(), "somebody uses it");
    drop(used);
    tokio::time::sleep(super::IDLE / 2).await;
    assert!(hold.is_open(), "it was used just now");
    tokio::time::sleep(super::IDLE).await;
    assert!(!hold.is_open());
    assert!(hold.lease().is_ok());
    assert!(hold.is_open());
}

#[test]
fn what_cannot_be_had_is_refused_before_the_start() {
    let broker = broker(Allowed::default());
    let refused = |config: &[(&str, &str)]| broker.check(&ask(config)).unwrap_err();
    assert!(matches!(
        refused(&[("memory", "100Gi")]),
        NoHold::Refused(_)
    ));
    assert!(matches!(
        refused(&[("adapter", "pci:0000:01:00.0")]),
        NoHold::NoAdapter(_)
    ));
    let wrong = refused(&[("adapter", "fastest")]);
    assert!(wrong.to_string().starts_with("`adapter`: "), "{wrong}");
    assert!(broker.check(&Ask::default()).is_ok());
}
