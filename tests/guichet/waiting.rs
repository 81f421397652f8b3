//! More sign-ins at once than can be hashed: an honest page that tries again by itself.

use std::time::{Duration, Instant};

use guichet::hashing::Place;

use crate::support::{App, Backend, Browser, PASSWORD, voter};

fn holds(browser: &Browser) -> bool {
    browser.cookies.lock().unwrap().contains_key("guichet-held")
}

/// Takes every place of the line.
fn fill(app: &App) -> Vec<Place<'_>> {
    std::iter::from_fn(|| app.portal.hasher.enter()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_of_sign_ins_starves_no_other_page() {
    // Hashes of the real size.
    let app = App::start_with(Backend::Sqlite, |figment| {
        figment.merge(("password_hash.memory_kib", 19_456)).merge(("password_hash.iterations", 2))
    })
    .await;
    let burst: Vec<_> = (0..500)
        .map(|n| {
            let browser = app.browser();
            let email = format!("personne{n}@ac-valmont.example");
            tokio::spawn(async move {
                let fields = [("email", email.as_str()), ("password", PASSWORD)];
                browser.post("/connexion/mot-de-passe", &fields).await.outcome().to_owned()
            })
        })
        .collect();
    let mut visits = 0;
    while !burst.iter().all(tokio::task::JoinHandle::is_finished) {
        let began = Instant::now();
        app.browser().get("/connexion").await.expect(200, "");
        assert!(began.elapsed() < Duration::from_secs(2), "other pages are served meanwhile");
        visits += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(visits > 1, "the burst lasted long enough to be felt");
    let mut busy = 0;
    for sign_in in burst {
        match sign_in.await.unwrap().as_str() {
            "busy" => busy += 1,
            "sign-in-refused" => {}
            other => panic!("{other}"),
        }
    }
    assert!((1..500).contains(&busy), "{busy} of 500 got the page that waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sign_in_beyond_the_line_tries_again_by_itself() {
    let app = App::start(Backend::Sqlite).await;
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.set_password(&app, &voter(1)).await;
    let places = fill(&app);
    for _ in 0..10 {
        let page = browser.sign_in(&voter(1), PASSWORD).await.expect(503, "busy");
        assert!(page.html.contains("url=/connexion/attente"), "{}", page.html);
        assert!(page.headers.contains_key("retry-after"));
        assert!(!page.html.contains(PASSWORD));
    }
    browser.get("/connexion/attente").await.expect(503, "busy");
    drop(places);
    // With nothing typed again, and no try counted.
    assert_eq!(browser.get("/connexion/attente").await.path, "/electeur");
    assert_eq!(browser.get("/connexion/attente").await.path, "/electeur", "it was tried once");
    assert_eq!(app.browser().get("/connexion/attente").await.path, "/connexion");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_password_waits_in_the_same_way() {
    let app = App::start(Backend::Sqlite).await;
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.ask_link(&app, &voter(1)).await;
    let link = app.mailed_link(&voter(1).email, "/mot-de-passe/nouveau/");
    let places = fill(&app);
    let fields = [("password", PASSWORD), ("password_again", PASSWORD)];
    browser.post(&link, &fields).await.expect(503, "busy");
    browser.get(&format!("{link}/attente")).await.expect(503, "busy");
    drop(places);
    browser.get(&format!("{link}/attente")).await.expect(200, "password-changed");
    browser.get(&link).await.expect(410, "link-expired");
}

#[tokio::test]
async fn a_sign_in_beyond_its_networks_share_waits_and_is_not_lost() {
    let app = App::start_with(Backend::Sqlite, |figment| figment.merge(("throttle.origin_posts_per_minute", 8))).await;
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.set_password(&app, &voter(1)).await;
    while browser.post("/connexion", &[("email", "x")]).await.status != 429 {}
    let fields = [("email", voter(1).email), ("password", PASSWORD.to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.post("/connexion/mot-de-passe", &fields).await.expect(429, "throttled");
    assert!(page.html.contains("url=/connexion/attente") && page.headers.contains_key("retry-after"));
    browser.get("/connexion/attente").await.expect(429, "throttled");
    // The network's share comes back with time.
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(browser.get("/connexion/attente").await.path, "/electeur");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_password_waits_a_minute_and_is_erased_with_the_first_answer() {
    let app = App::start(Backend::Sqlite).await;
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.set_password(&app, &voter(1)).await;
    let places = fill(&app);
    browser.sign_in(&voter(1), PASSWORD).await.expect(503, "busy");
    let held = browser.cookies.lock().unwrap()["guichet-held"].clone();
    assert!(held.len() < 500, "{}", held.len());
    app.wait(chrono::Duration::seconds(59));
    browser.get("/connexion/attente").await.expect(503, "busy");
    app.wait(chrono::Duration::seconds(61));
    assert_eq!(browser.get("/connexion/attente").await.path, "/connexion", "its minute is over");
    drop(places);
    // Whatever the answer is, of the page that waits or of a form that is sent instead.
    for (password, path, outcome) in [
        ("Autre9chose", "/connexion/attente", "sign-in-refused"),
        ("", "/connexion/mot-de-passe", "form-invalid"),
        (PASSWORD, "/electeur", ""),
    ] {
        let places = fill(&app);
        browser.sign_in(&voter(1), "Autre9chose").await.expect(503, "busy");
        drop(places);
        let answer = if path == "/connexion/attente" {
            browser.get(path).await
        } else {
            browser.sign_in(&voter(1), password).await
        };
        assert_eq!((answer.path.as_str(), answer.outcome()), (path, outcome));
        assert!(!holds(&browser), "{outcome}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_longer_password_waits_than_the_policies_allow() {
    let app = App::start_with(Backend::Sqlite, |figment| figment.merge(("throttle.origin_posts_per_minute", 8))).await;
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.ask_link(&app, &voter(1)).await;
    let link = app.mailed_link(&voter(1).email, "/mot-de-passe/nouveau/");
    while browser.post("/connexion", &[("email", "x")]).await.status != 429 {}
    let long = format!("{PASSWORD}{}", "é".repeat(11));
    for (path, outcome) in [(link.as_str(), "password-refused"), ("/connexion/mot-de-passe", "sign-in-refused")] {
        let fields = [("email", voter(1).email), ("password", long.clone()), ("password_again", long.clone())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(path, &fields).await.expect(422, outcome);
        assert!(!holds(&browser), "{path}");
    }
    // One of the longest that there may be, its accents typed apart.
    let longest = format!("{PASSWORD}{}", "e\u{301}".repeat(10));
    let fields = [("password", longest.as_str()), ("password_again", &longest)];
    browser.post(&link, &fields).await.expect(429, "throttled");
    assert!(holds(&browser));
}

#[tokio::test]
async fn who_has_nothing_that_waits_uses_up_no_share() {
    let app = App::start_with(Backend::Sqlite, |figment| figment.merge(("throttle.origin_posts_per_minute", 5))).await;
    for _ in 0..10 {
        app.browser().get("/connexion/attente").await.expect(200, "");
    }
    app.browser().post("/connexion", &[("email", "a@b.example")]).await.expect(200, "");
}
