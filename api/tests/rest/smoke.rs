//! smoke
use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn two_users_can_write_to_each_other() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let chat = ada.client.direct(bob.id()).await;
    let message = ada.client.send(chat.shared.id, "hello").await;
    assert_eq!((message.seq, message.rev), (1, 1));
    let page = bob.client.messages(chat.shared.id, "").await;
    assert_eq!(page.items, [message]);
    println!("{}", ada.client.get("/v1/conversations").await.body);
    test.app.stop().await;
}
