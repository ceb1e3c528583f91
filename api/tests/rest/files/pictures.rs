//! Avatars and icons.

use image::{GenericImageView, ImageFormat};
use protocol::account::Me;
use protocol::frame::ServerFrame;
use protocol::group::Group;
use protocol::problem::Code;
use serde_json::{Value, json};
use testkit::TestEnv;
use testkit::http::User;

use super::{picture, stored};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

/// Gives a user a picture, or none.
async fn set_avatar(user: &User, upload: &Value) -> Me {
    let body = json!({ "avatar_upload_id": upload });
    user.client.patch("/v1/me", &body).await.expect(200).json()
}

/// The keys of pictures that nobody shows.
async fn unshown(env: &TestEnv) -> Vec<String> {
    rows::lines(
        env,
        "SELECT '/v1/pictures/' || key AS line FROM unshown_pictures ORDER BY since",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_avatar_is_a_square_that_is_told_and_shown_everywhere() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let chat = bob.client.direct(ada.id()).await.shared.id;
    let upload = ada
        .client
        .upload("me.jpg", &picture(900, 300, ImageFormat::Jpeg))
        .await;
    let me = set_avatar(&ada, &json!(upload.id)).await;
    let url = me.user.avatar_url.clone().unwrap();
    assert!(
        url.starts_with("/v1/pictures/") && url.ends_with(".jpg"),
        "{url}"
    );
    let heard = events
        .expect(|heard| {
            matches!(serde_json::from_str(&heard.body),
                Ok(ServerFrame::UserUpdated { user }) if user == me.user)
        })
        .await;
    assert!(
        heard.keys.contains(&format!("user.{}", bob.id())),
        "{heard:?}"
    );

    // Whoever has the address sees it, as an <img> without a token does.
    let shown = test.client().get(&url).await.expect(200);
    assert_eq!(shown.header("content-type"), "image/jpeg");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    assert!(shown.header("cache-control").contains("immutable"));
    let square = image::load_from_memory(&shown.bytes).unwrap();
    assert_eq!(square.dimensions(), (256, 256));
    assert!(
        square.get_pixel(5, 128)[0] > 200,
        "the middle is cut out, not the left"
    );

    for path in [
        "/v1/users?q=ada".to_owned(),
        format!("/v1/users/{}", ada.id()),
        format!("/v1/conversations/{chat}"),
    ] {
        let reply = bob.client.get(&path).await.expect(200);
        assert!(
            reply.body.to_string().contains(&url),
            "{path}: {:#}",
            reply.body
        );
    }
    assert_eq!(unshown(&test.env).await, [""; 0]);

    // Another one takes its place, and none that one's.
    let again = set_avatar(&ada, &json!(upload.id))
        .await
        .user
        .avatar_url
        .unwrap();
    assert_ne!(again, url);
    assert_eq!(unshown(&test.env).await, std::slice::from_ref(&url));
    assert_eq!(set_avatar(&ada, &Value::Null).await.user.avatar_url, None);
    assert_eq!(unshown(&test.env).await, [url, again]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_avatar_is_made_of_ones_own_picture_that_no_message_holds() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let png = picture(30, 30, ImageFormat::Png);
    let text = ada.client.upload("a.txt", b"a").await.id;
    let others = bob.client.upload("b.png", &png).await.id;
    let held = ada.client.upload("c.png", &png).await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    ada.client.send_file(chat, held.id).await;
    let before = stored(&test.env).len();
    for id in [json!(text), json!(others), json!(held.id), json!(chat)] {
        let reply = ada
            .client
            .patch("/v1/me", &json!({ "avatar_upload_id": id, "about": "new" }))
            .await;
        let problem = reply.problem(422, Code::Invalid);
        assert_eq!(problem.errors[0].field, "avatar_upload_id");
    }
    let reply = ada
        .client
        .patch("/v1/me", &json!({ "avatar_upload_id": "a" }))
        .await;
    reply.problem(422, Code::Invalid);
    let me: Me = ada.client.get("/v1/me").await.expect(200).json();
    assert_eq!((me.user.avatar_url, me.user.about.as_str()), (None, ""));
    assert_eq!(
        (unshown(&test.env).await.len(), stored(&test.env).len()),
        (0, before)
    );
    for unknown in [
        "nothing",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.png",
        "..%2f..%2fetc%2fpasswd",
    ] {
        let reply = test.client().get(&format!("/v1/pictures/{unknown}")).await;
        reply.problem(404, Code::NotFound);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_icon_is_its_admins_to_set_and_everybodys_to_see() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let id = ada.client.public_group("Engines").await.shared.id;
    bob.client.join(id).await;
    let path = format!("/v1/groups/{id}");
    let png = picture(30, 60, ImageFormat::Png);
    let upload = bob.client.upload("b.png", &png).await.id;
    let reply = bob
        .client
        .patch(&path, &json!({ "icon_upload_id": upload }))
        .await;
    reply.problem(403, Code::Forbidden);
    assert_eq!(
        unshown(&test.env).await.len(),
        0,
        "nothing was made for who may not"
    );

    let upload = ada.client.upload("a.png", &png).await.id;
    let body = json!({ "icon_upload_id": upload });
    let group: Group = ada.client.patch(&path, &body).await.expect(200).json();
    let url = group.shared.icon_url.clone().unwrap();
    test.client().get(&url).await.expect(200);
    events
        .expect(|heard| {
            matches!(serde_json::from_str(&heard.body),
                Ok(ServerFrame::GroupUpdated { group: told, .. }) if told == group.shared)
        })
        .await;
    let invite = ada
        .client
        .post(&format!("{path}/invites"), &json!({}))
        .await
        .expect(201);
    let invite = format!("/v1/invites/{}", invite.body["code"].as_str().unwrap());
    for (client, path) in [
        (&bob.client, path.as_str()),
        (&bob.client, "/v1/groups"),
        (&bob.client, "/v1/groups/discover"),
        (&test.client(), &invite),
    ] {
        let reply = client.get(path).await.expect(200);
        assert!(
            reply.body.to_string().contains(&url),
            "{path}: {:#}",
            reply.body
        );
    }
    // What is not named stays.
    let group: Group = ada
        .client
        .patch(&path, &json!({ "name": "Looms" }))
        .await
        .expect(200)
        .json();
    assert_eq!(group.shared.icon_url.as_ref(), Some(&url));
    ada.client.delete(&path).await.expect(204);
    assert_eq!(unshown(&test.env).await, [url]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_ends_takes_its_picture_away() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let upload = ada
        .client
        .upload("a.png", &picture(30, 30, ImageFormat::Png))
        .await
        .id;
    let url = set_avatar(&ada, &json!(upload))
        .await
        .user
        .avatar_url
        .unwrap();
    let body = json!({ "password": testkit::http::PASSWORD });
    let request = ada
        .client
        .request(reqwest::Method::DELETE, "/v1/me")
        .json(&body);
    request.send().await.expect(204);
    let seen = bob
        .client
        .get(&format!("/v1/users/{}", ada.id()))
        .await
        .expect(200);
    assert_eq!(seen.body["avatar_url"], Value::Null);
    assert_eq!(unshown(&test.env).await, [url]);
    test.app.stop().await;
}
