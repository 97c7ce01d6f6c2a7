//! Crashes that leave a call under way. Those at any other moment: `simulation`.

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn a_post_that_a_platform_finishes_after_the_crash_is_not_made_twice() {
    let mut world = World::new().await;
    world.right.answer_after(std::time::Duration::from_secs(60));
    world.right.list_after(std::time::Duration::from_secs(1));
    let (_, event) = world.left.post("general", "ana", "one", None);
    world.hear(0, &event).await;
    while world.right.calls().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    world.crash().await;
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    assert_eq!(world.right.read("general"), ["ana: one"]);
}
