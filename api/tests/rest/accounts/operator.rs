//! `api user …`: accounts by the operator's hand.

use std::time::Duration;

use protocol::control::Control;
use protocol::problem::Code;
use serde_json::json;

use crate::app::TestApp;
use crate::cli::Cli;
use crate::events::Events;

const SOON: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_accounts_where_nobody_registers() {
    let test = TestApp::with(&[("WARREN_AUTH_REGISTRATION", "closed")]).await;
    let cli = Cli::on(&test.env);
    let made = cli
        .input("correct horse battery\n")
        .run(&[
            "user",
            "create",
            "Ada",
            "--display-name",
            "Ada L.",
            "--password-stdin",
        ])
        .await
        .success();
    let ada = test.client().login("ada").await;
    assert_eq!(made.trim(), format!("{} ada", ada.id()));
    assert_eq!(ada.account.display_name, "Ada L.");

    // Without a password on standard input, one is made up and shown once.
    let made = cli.run(&["user", "create", "bob"]).await.success();
    let password = made.lines().next().unwrap().strip_prefix("password: ");
    let reply = test.client().try_login("bob", password.unwrap()).await;
    reply.expect(200);

    for (arguments, input, reason) in [
        (&["user", "create", "ada"][..], "", "taken"),
        (
            &["user", "create", "a"],
            "",
            "the username must have at least 3",
        ),
        (
            &["user", "create", "eve", "--password-stdin"],
            "password1\n",
            "the password is one of",
        ),
        (
            &["user", "create", "eve", "--display-name", "\u{7}"],
            "",
            "the display name must not",
        ),
        (&["user", "disable", "nobody"], "", "there is no account"),
        (
            &["user", "reset-password", "nobody"],
            "",
            "there is no account",
        ),
    ] {
        let stderr = cli.input(input).run(arguments).await.failure(1);
        assert!(stderr.contains(reason), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("password1"), "{stderr}");
    }
    let list = cli.run(&["user", "list"]).await.success();
    let names: Vec<&str> = list
        .lines()
        .map(|line| line.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(names, ["ada", "bob"]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_by_the_operator_ends_every_session() {
    let test = TestApp::start().await;
    let control = Events::control(&test.env).await;
    let ada = test.user("ada").await;
    let phone = ada.another_device().await;
    let told = Cli::on(&test.env)
        .input("a new password\n")
        .run(&["user", "reset-password", "ada", "--password-stdin"])
        .await
        .success();
    assert_eq!(told.trim(), "2 sessions ended");
    for gone in [&ada, &phone] {
        testkit::eventually(SOON, || async {
            gone.client.get("/v1/me").await.status == 401
        })
        .await;
        // The command wrote the event; the relay of a running service publishes it.
        let ended = Control::SessionEnded {
            user_id: gone.id(),
            session_id: gone.session_id,
        };
        control.expect_control(&ended).await;
    }
    let old = test
        .client()
        .try_login("ada", "correct horse battery")
        .await;
    old.problem(401, Code::BadCredentials);
    let new = test.client().try_login("ada", "a new password").await;
    new.expect(200);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_to_a_disabled_account() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let cli = Cli::on(&test.env);
    cli.run(&["user", "disable", "ada"]).await.success();
    let list = cli.run(&["user", "list"]).await.success();
    assert!(list.contains(" ada disabled "), "{list}");
    testkit::eventually(SOON, || async {
        ada.client.get("/v1/me").await.status == 401
    })
    .await;
    let mut right = test
        .client()
        .try_login("ada", "correct horse battery")
        .await;
    let mut wrong = test.client().try_login("ada", "wrong horse").await;
    right.problem(401, Code::BadCredentials);
    right.body["request_id"].take();
    wrong.body["request_id"].take();
    assert_eq!(
        right.body, wrong.body,
        "it is told that the password is right"
    );
    let token = ada.refresh_token.as_deref().unwrap();
    let reply = test.client().try_refresh(token).await;
    reply.problem(401, Code::Unauthenticated);

    cli.run(&["user", "disable", "ada", "--undo"])
        .await
        .success();
    test.client().login("ada").await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_admits_as_many_as_it_says() {
    let test = TestApp::with(&[("WARREN_AUTH_REGISTRATION", "invite")]).await;
    let cli = Cli::on(&test.env);
    let register = |name: &str, invite: &str| {
        let body =
            json!({ "username": name, "password": "correct horse battery", "invite": invite });
        let client = test.client();
        async move { client.post("/v1/auth/register", &body).await }
    };
    let body = json!({ "username": "ada", "password": "correct horse battery" });
    let reply = test.client().post("/v1/auth/register", &body).await;
    reply.problem(403, Code::RegistrationClosed);
    register("ada", "nonsense")
        .await
        .problem(403, Code::RegistrationClosed);
    for odd in ["a\u{0}b", &"x".repeat(1000)] {
        register("ada", odd).await.problem(422, Code::Invalid);
    }

    let code = cli.run(&["user", "invite", "--uses", "2"]).await.success();
    let code = code.trim();
    register("ada", code).await.expect(201);
    // A registration that fails takes nothing.
    register("ada", code).await.problem(409, Code::Conflict);
    register("bob", code).await.expect(201);
    register("cyd", code)
        .await
        .problem(403, Code::RegistrationClosed);

    // At the same moment too.
    let code = cli.run(&["user", "invite"]).await.success();
    let code = code.trim();
    let (one, other) = tokio::join!(register("dan", code), register("eve", code));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403]);

    let expired = cli.run(&["user", "invite", "--hours", "0"]).await.success();
    register("fay", expired.trim())
        .await
        .problem(403, Code::RegistrationClosed);
    test.app.stop().await;
}
