//! The service's connections to its database.

use api::store::Purpose;

use crate::app::TestApp;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn the_database_notices_within_seconds_that_a_process_is_gone() {
    let test = TestApp::start().await;
    let db = &test.app.state.db;
    let mut pooled = db.get().await.unwrap();
    let mut own = db.connect(Purpose::Writing).await.unwrap();
    for conn in [&mut *pooled, &mut own] {
        let query = "SELECT name || ' ' || setting AS line FROM pg_settings \
            WHERE name LIKE 'tcp_%' OR name = 'idle_in_transaction_session_timeout' ORDER BY name";
        let lines = rows::lines_on(conn, query).await;
        let want = [
            "idle_in_transaction_session_timeout 10000",
            "tcp_keepalives_count 3",
            "tcp_keepalives_idle 4",
            "tcp_keepalives_interval 2",
            "tcp_user_timeout 10000",
        ];
        assert_eq!(lines, want);
    }
    drop((pooled, own));
    test.app.stop().await;
}
