//! Places of workloads and tenants.

use std::time::Duration;

use super::{QuotaError, TenantQuota};

#[test]
fn a_workload_has_no_more_than_its_places() {
    let quota = TenantQuota::new(10).workload(2);
    let (first, _second) = (
        quota.take().expect("a place"),
        quota.take().expect("a place"),
    );
    assert_eq!(quota.take().expect_err("none"), QuotaError::Workload(2));
    assert!(quota.is_used_up());
    drop(first);
    assert_eq!(quota.used(), 1);
    assert!(quota.take().is_ok());
}

#[test]
fn workloads_of_a_tenant_share_its_places_and_a_refusal_takes_none() {
    let tenant = TenantQuota::new(2);
    let (one, other) = (tenant.workload(2), tenant.workload(2));
    let _held = (one.take().expect("a place"), other.take().expect("a place"));
    assert_eq!(other.take().expect_err("none"), QuotaError::Tenant(2));
    assert_eq!(other.used(), 1);
}

#[tokio::test]
async fn who_waits_gets_a_place_that_becomes_free_or_an_error_in_time() {
    let quota = TenantQuota::new(1).workload(1);
    let held = quota.take().expect("a place");
    let late = quota.wait(Duration::ZERO).await;
    assert_eq!(late.expect_err("none"), QuotaError::Workload(1));
    let waiting = quota.wait(Duration::from_secs(60));
    let (permit, ()) = tokio::join!(waiting, async { drop(held) });
    assert!(permit.is_ok());
}
