//! The keys that sign access tokens.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::account::JwkSet;
use protocol::problem::Code;
use serde_json::json;
use testkit::keys::SigningKeyFile;

use super::token_header;
use crate::app::TestApp;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn the_public_keys_are_published_as_a_jwk_set() {
    let test = TestApp::start().await;
    let key = &test.env.secrets().signing_key;
    let reply = test
        .client()
        .get("/.well-known/jwks.json")
        .await
        .expect(200);
    let want = json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key.public_key()),
        "kid": key.kid, "alg": "EdDSA", "use": "sig",
    }]});
    assert_eq!(reply.body, want);
    assert_eq!(reply.header("cache-control"), "public, max-age=30");
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_published_at_once_and_signs_when_everyone_knows_it() {
    let test = TestApp::with(&[
        ("WARREN_AUTH_KEYS_RELOAD_MS", "50"),
        ("WARREN_AUTH_KEY_ACTIVATION_MS", "5000"),
    ])
    .await;
    let client = test.client();
    let published = || async {
        let reply = client.get("/.well-known/jwks.json").await.expect(200);
        let mut kids: Vec<String> = reply
            .json::<JwkSet>()
            .keys
            .into_iter()
            .map(|key| key.kid)
            .collect();
        kids.sort();
        kids
    };
    let signing = || async {
        let user = client.login("ada").await;
        (
            token_header(&user.access_token)["kid"]
                .as_str()
                .unwrap()
                .to_owned(),
            user,
        )
    };
    let ada = client.register("ada").await;
    let secrets = test.env.secrets();
    let (old, new) = (
        &secrets.signing_key,
        SigningKeyFile::create(&secrets.keys_dir),
    );
    let both = [old.kid.clone(), new.kid.clone()];
    testkit::eventually(Duration::from_secs(4), || async {
        published().await == both
    })
    .await;
    assert_eq!(signing().await.0, old.kid, "it signs before it is known");

    let user = testkit::eventually(SOON, || async {
        let (kid, user) = signing().await;
        if kid == new.kid { Ok(user) } else { Err(kid) }
    })
    .await;
    user.client.get("/v1/me").await.expect(200);
    // Both verify until the old file is taken away.
    ada.client.get("/v1/me").await.expect(200);
    std::fs::remove_file(&old.path).unwrap();
    testkit::eventually(SOON, || async {
        ada.client.get("/v1/me").await.status == 401
    })
    .await;
    ada.client
        .get("/v1/me")
        .await
        .problem(401, Code::Unauthenticated);
    user.client.get("/v1/me").await.expect(200);
    assert_eq!(published().await.join(" "), new.kid);
    test.app.stop().await;
}
