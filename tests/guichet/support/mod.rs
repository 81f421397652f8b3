//! A portal of its own for each test, a small cast of voters, and browsers to visit it.

pub mod app;
pub mod browser;
pub mod carriers;
pub mod cast;
pub mod line;
pub mod process;
pub mod sms;
pub mod smtp;
pub mod twilio;

pub use app::{App, Backend};
pub use browser::Browser;
pub use cast::{PASSWORD, Voter, reader, voter};

/// Runs a test on SQLite and, where `GUICHET_TEST_POSTGRES` names a server, on PostgreSQL.
macro_rules! on_both {
    ($(#[$doc:meta])* async fn $name:ident($app:ident: $type:ty) $body:block) => {
        $(#[$doc])*
        async fn $name($app: $type) $body

        mod $name {
            use $crate::support::{App, Backend, app::peer};

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                super::$name(App::start(Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                if let Some(server) = peer("GUICHET_TEST_POSTGRES", concat!(module_path!(), "::postgres")) {
                    super::$name(App::start(Backend::Postgres(server)).await).await;
                }
            }
        }
    };
}
pub(crate) use on_both;
