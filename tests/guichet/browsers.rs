//! Browsers that an owner has proved to use: how many, and until when they have tries of their own.

use chrono::Duration;

use crate::support::{App, Browser, PASSWORD, on_both, voter};

const OTHER: &str = "Brume4Tilleul";

/// A thief's copy of what a browser holds.
fn copy(app: &App, browser: &Browser) -> Browser {
    let thief = app.browser();
    thief.cookies.lock().unwrap().clone_from(&browser.cookies.lock().unwrap());
    thief
}

/// Lets strangers use up their tries.
async fn use_up(app: &App) {
    for _ in 0..5 {
        app.browser().sign_in(&voter(1), "Autre9chose").await;
    }
    app.browser().sign_in(&voter(1), PASSWORD).await.expect(429, "throttled");
}

/// How many of the browsers have tries of their own.
async fn known(browsers: &[Browser]) -> usize {
    let mut known = 0;
    for browser in browsers {
        let answer = browser.sign_in(&voter(1), "Autre9chose").await;
        known += usize::from(answer.outcome() == "sign-in-refused");
    }
    known
}

on_both! {
    async fn after_a_reset_an_old_browser_has_no_tries_of_its_own(app: App) {
        app.enrol(&[voter(1)]).await;
        let owner = app.browser();
        owner.arrive(&app, &voter(1)).await;
        let thief = copy(&app, &owner);
        app.wait(Duration::minutes(1));
        owner.ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, "/mot-de-passe/nouveau/");
        owner.post(&link, &[("password", OTHER), ("password_again", OTHER)]).await.expect(200, "password-changed");
        use_up(&app).await;
        thief.sign_in(&voter(1), "Autre9chose").await.expect(429, "throttled");
        assert_eq!(owner.sign_in(&voter(1), OTHER).await.path, "/electeur", "the browser that used the link is known");
    }
}

on_both! {
    async fn the_eleventh_browser_pushes_the_first_out(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let browsers: Vec<_> = (0..11).map(|_| app.browser()).collect();
        for browser in &browsers {
            app.wait(Duration::minutes(1));
            assert_eq!(browser.sign_in(&voter(1), PASSWORD).await.path, "/electeur");
        }
        // One that comes again and again pushes nobody out.
        for _ in 0..11 {
            app.wait(Duration::seconds(1));
            assert_eq!(browsers[10].sign_in(&voter(1), PASSWORD).await.path, "/electeur");
        }
        use_up(&app).await;
        browsers[0].sign_in(&voter(1), PASSWORD).await.expect(429, "throttled");
        assert_eq!(known(&browsers[1..]).await, 10);
    }
}

on_both! {
    async fn of_twelve_browsers_that_sign_in_at_once_ten_are_kept(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        app.wait(Duration::minutes(1));
        let browsers: Vec<_> = (0..12).map(|_| app.browser()).collect();
        // Strangers share five tries in a row: the last four come for the first time while the others come again.
        for at_once in [0..4, 4..8, 0..12] {
            let sign_ins: Vec<_> = browsers[at_once]
                .iter()
                .cloned()
                .map(|browser| tokio::spawn(async move { browser.sign_in(&voter(1), PASSWORD).await.path }))
                .collect();
            for sign_in in sign_ins {
                assert_eq!(sign_in.await.unwrap(), "/electeur");
            }
        }
        use_up(&app).await;
        assert_eq!(known(&browsers).await, 10);
        assert_eq!(app.count("SELECT COUNT(*) FROM known_browser").await, 10);
    }
}
