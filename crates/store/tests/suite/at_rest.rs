//! What is counted of a database's content, beside the store that has it open.

use rialto_model::{DeliveryState, PartKey};
use rialto_store::{AtRest, Store, at_rest};

use crate::world::{delivery, fingerprint, inbound, one_post, settled, sql, time};

#[tokio::test]
async fn content_is_counted_until_it_is_erased_without_the_key_and_beside_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    let store = sql(&path).await.unwrap();
    assert_eq!(at_rest(&path).unwrap(), AtRest::default());

    store.append_inbound(&[inbound(2, 1)]).await.unwrap();
    for number in 1..=3 {
        one_post(&store, number).await;
    }
    store
        .begin(delivery(1), PartKey::Text(0), fingerprint("f"), vec![], false, time(9))
        .await
        .unwrap();
    let waits = AtRest { inbox: 1, waiting: 3, begun: 1, ..AtRest::default() };
    assert_eq!(at_rest(&path).unwrap(), waits);

    store.progress(delivery(1), settled(DeliveryState::Delivered, 50)).await.unwrap();
    store.progress(delivery(2), settled(DeliveryState::Cancelled, 51)).await.unwrap();
    store.progress(delivery(3), settled(DeliveryState::Parked, 52)).await.unwrap();
    let parked =
        AtRest { inbox: 1, parked: 1, last_parked_at: Some(time(52)), ..AtRest::default() };
    assert_eq!(at_rest(&path).unwrap(), parked);
    store.close().await;
    assert_eq!(at_rest(&path).unwrap(), parked, "the store is closed");

    let store = sql(&path).await.unwrap();
    store.erase_parked(time(60)).await.unwrap();
    assert_eq!(at_rest(&path).unwrap(), AtRest { inbox: 1, ..AtRest::default() });
    store.close().await;
    assert!(at_rest(&folder.path().join("none.db")).is_err());
}
