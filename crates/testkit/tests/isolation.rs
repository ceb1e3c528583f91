//! Each test has its own part of the servers, and leaves nothing of it behind.

use std::time::Duration;

use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ExchangeKind};
use testkit::{TestEnv, eventually};

const SOON: Duration = Duration::from_secs(10);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

async fn count(sql: &mut AsyncPgConnection, query: &str, name: &str) -> i64 {
    let counted: Count = sql_query(query)
        .bind::<Text, _>(name)
        .get_result(sql)
        .await
        .expect("the query is valid");
    counted.n
}

/// Schemas and virtual hosts with this name, seen from another environment.
async fn leftovers(witness: &TestEnv, name: &str) -> (i64, bool) {
    let mut sql = witness.sql().await;
    let query = "SELECT count(*) AS n FROM pg_namespace WHERE nspname = $1";
    let schemas = count(&mut sql, query, name).await;
    let own = witness.amqp_url_of(name);
    let vhost = Connection::connect(&own, lapin::ConnectionProperties::default()).await;
    (schemas, vhost.is_ok())
}

#[tokio::test]
async fn tables_and_queues_of_two_tests_do_not_meet() {
    let (one, other) = tokio::join!(TestEnv::new(), TestEnv::new());
    for env in [&one, &other] {
        let mut sql = env.sql().await;
        sql.batch_execute("CREATE TABLE things (id int); INSERT INTO things VALUES (1)")
            .await
            .expect("the table is new in this schema");
        let n = count(
            &mut sql,
            "SELECT count(*) AS n FROM things WHERE $1 <> ''",
            "x",
        )
        .await;
        assert_eq!(n, 1);
        let amqp = env.amqp().await;
        let channel = amqp.create_channel().await.expect("a channel opens");
        let durable = QueueDeclareOptions {
            durable: true,
            ..Default::default()
        };
        channel
            .queue_declare("q".into(), durable, FieldTable::default())
            .await
            .expect("a queue is declared");
        assert_eq!(env.broker().queues().await.len(), 1);
    }
    assert_ne!(one.presence_prefix(), other.presence_prefix());
}

#[tokio::test]
async fn nothing_is_left_of_an_environment_that_was_closed() {
    let witness = TestEnv::new().await;
    let env = TestEnv::new().await;
    let (name, dir) = (env.name().to_owned(), env.dir().to_owned());
    assert_eq!(leftovers(&witness, &name).await, (1, true));
    env.close().await;
    assert_eq!(leftovers(&witness, &name).await, (0, false));
    assert!(!dir.exists());
}

#[tokio::test]
async fn nothing_is_left_of_a_test_that_failed_in_a_transaction() {
    let witness = TestEnv::new().await;
    let (tell, told) = tokio::sync::oneshot::channel();
    let failing = tokio::spawn(async move {
        let env = TestEnv::new().await;
        tell.send((env.name().to_owned(), env.dir().to_owned()))
            .expect("the test waits");
        let mut sql = env.sql().await;
        sql.batch_execute("CREATE TABLE things (id int); BEGIN; LOCK TABLE things")
            .await
            .expect("the table is new");
        let amqp = env.amqp().await;
        let channel = amqp.create_channel().await.expect("a channel opens");
        let name = QueueDeclareOptions::default();
        channel
            .queue_declare("q".into(), name, FieldTable::default())
            .await
            .expect("a queue is declared");
        // Dropped in the opposite order: the environment while both links are open.
        let _links = (sql, amqp);
        let _env = env;
        panic!("as a failing test does");
    });
    let (name, dir) = told.await.expect("it says its name");
    assert!(failing.await.is_err_and(|error| error.is_panic()));
    assert_eq!(leftovers(&witness, &name).await, (0, false));
    assert!(!dir.exists());
}

#[tokio::test]
async fn the_broker_shows_bindings_and_closes_connections() {
    let env = TestEnv::new().await;
    let amqp = env.amqp().await;
    let channel = amqp.create_channel().await.expect("a channel opens");
    channel
        .exchange_declare(
            "events".into(),
            ExchangeKind::Topic,
            ExchangeDeclareOptions::default(),
            FieldTable::default(),
        )
        .await
        .expect("an exchange is declared");
    let owned = QueueDeclareOptions {
        auto_delete: true,
        ..Default::default()
    };
    let queue = channel
        .queue_declare("".into(), owned, FieldTable::default())
        .await
        .expect("a queue is declared");
    for key in ["user.b", "user.a"] {
        channel
            .queue_bind(
                queue.name().clone(),
                "events".into(),
                key.into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
            .expect("the queue is bound");
    }
    assert_eq!(
        env.broker().bound_keys("events").await,
        ["user.a", "user.b"]
    );
    let bindings = env.broker().bindings().await;
    env.broker().delete_binding(&bindings[0]).await;
    assert_eq!(env.broker().bound_keys("events").await.len(), 1);

    assert_eq!(env.broker().close_connections("test").await, 1);
    eventually(SOON, || async { !amqp.status().connected() }).await;
    let queue = env.broker().queues().await.remove(0);
    env.broker().delete_queue(&queue.name).await;
    assert!(env.broker().queues().await.is_empty());
}
