//! What a desk does for one voter, through the binary, on both databases.

use std::process::Output;

use guichet::entities::desk_act::Act;
use guichet::issuance::desk::{self, Desk, Outcome, Reason};
use guichet::values::{Clock, EmailAddress};

use crate::support::{App, Browser, Voter, on_both, voter};

const PHONE: &str = "06 12 34 56 78";

fn run(app: &App, arguments: &[&str]) -> (i32, String, String) {
    let output: Output = app.command().env("USER", "alix").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(['\u{a0}', '\u{202f}'], " ");
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn about(app: &App, act: &str, voter: &Voter, reason: Option<&str>) -> (i32, String, String) {
    let mut arguments = vec!["voter", act, "--election", "1", "--email", &voter.email];
    if let Some(reason) = reason {
        arguments.extend(["--reason", reason]);
    }
    run(app, &arguments)
}

/// Processes read the real clock: so does the app.
async fn today(app: &App) {
    app.open_the_window().await;
    app.wait(Clock::System.now() - app.portal.now());
}

async fn fail(browser: &Browser, mistaken: &Voter, times: usize) {
    for _ in 0..times {
        browser.ask_identifier(mistaken, PHONE).await;
    }
}

on_both! {
    async fn a_locked_voter_is_unlocked_with_a_reason_that_is_kept(app: App) {
        today(&app).await;
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let mut mistaken = voter(1);
        mistaken.birthdate = "01/01/1950".into();
        fail(&browser, &mistaken, 3).await;
        browser.get("/electeur/identifiant").await.expect(200, "locked");

        let (status, shown, _) = about(&app, "show", &voter(1), None);
        assert_eq!(status, 0);
        for line in [
            "Dominique Ormeau1\n",
            "en bref : bloqué par trop d’échecs",
            "établissement : Collège 0990001A, 0990001A",
            "compte : mot de passe choisi",
            "vérifications échouées : 3 sur 3, reste 0",
            "dernier échec : date de naissance différente, le ",
            "identifiants : 0 sur 3",
            "gelé : non",
            "a voté : non",
            "connexion : libre",
        ] {
            assert!(shown.contains(line), "{line}: {shown}");
        }
        for secret in [voter(1).numen.as_str(), &voter(1).birthdate, "1950"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        for (reason, status) in [(None, 2), (Some("  "), 1), (Some("son NUMEN 12E3456789ABC"), 1)] {
            let (found, said, told) = about(&app, "unlock", &voter(1), reason);
            assert!(found == status && said.is_empty() && !told.contains("12E3456789ABC"), "{reason:?}: {told}");
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM desk_act").await, 0);

        let (status, said, _) = about(&app, "unlock", &voter(1), Some("pièce d’identité vue au rectorat"));
        assert!(status == 0 && said.contains("effacées"), "{said}");
        let (status, said, _) = about(&app, "unlock", &voter(1), Some("encore"));
        assert!(status == 0 && said.starts_with("Rien à débloquer"), "{said}");
        let (_, shown, _) = about(&app, "show", &voter(1), None);
        assert!(shown.contains("par alix : pièce d’identité vue au rectorat\n"), "{shown}");
        assert!(shown.contains("en bref : peut demander un identifiant"), "{shown}");
        assert_eq!(app.count("SELECT COUNT(*) FROM desk_act").await, 1);
        app.wait(chrono::Duration::seconds(60));
        app.drain().await;
        let told = app.mails_to(&voter(1).email).pop().unwrap();
        assert!(told.subject.contains("à partir de zéro"), "{}", told.subject);
        browser.ask_identifier(&voter(1), PHONE).await.expect(200, "issued");
        let (_, shown, _) = about(&app, "show", &voter(1), None);
        assert!(shown.contains("identifiants : 1 sur 3\n  n° 1, valable : demandé le "), "{shown}");
        assert!(shown.contains("SMS en attente") && !shown.contains("34 56"), "{shown}");
    }
}

on_both! {
    async fn a_frozen_voter_may_ask_again_and_no_identifier_of_before_comes_back(app: App) {
        today(&app).await;
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), PHONE).await.expect(200, "issued");
        app.drain().await;
        let link = app.mailed_link(&voter(1).email, "/pas-moi/");
        app.browser().post(&link, &[]).await.expect(200, "frozen");
        let (_, shown, _) = about(&app, "show", &voter(1), None);
        assert!(shown.contains("en bref : gelé") && shown.contains("n° 1, remplacé ou désavoué le"), "{shown}");

        let (status, said, _) = about(&app, "unfreeze", &voter(1), Some("jointe au téléphone"));
        assert!(status == 0 && said.contains("rétablies"), "{said}");
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier WHERE state = 'active'").await, 0);
        app.wait(chrono::Duration::seconds(60));
        app.drain().await;
        assert!(app.mails_to(&voter(1).email).pop().unwrap().subject.contains("rétablies"));
        browser.ask_identifier(&voter(1), PHONE).await.expect(200, "issued");
        let (status, said, _) = about(&app, "unfreeze", &voter(1), Some("encore"));
        assert!(status == 0 && said.starts_with("Rien à rétablir"), "{said}");
    }
}

on_both! {
    async fn who_has_voted_gets_no_identifier_any_more(app: App) {
        today(&app).await;
        app.enrol(&[voter(1), voter(2)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let form = voter(1).form(PHONE, &browser.captcha().await);
        let (status, said, _) = about(&app, "voted", &voter(1), Some("liste d’émargement"));
        assert!(status == 0 && said.contains("noté"), "{said}");
        browser.submit(&form).await.expect(403, "window-closed");
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 0);
        assert!(about(&app, "show", &voter(1), None).1.contains("a voté : depuis le "));
        let (status, _, reason) = about(&app, "voted", &voter(9), Some("x"));
        assert!(status == 1 && reason.contains("personne n’a l’adresse"), "{reason}");
    }
}

on_both! {
    async fn a_list_of_votes_is_taken_in_line_by_line_and_again(app: App) {
        let voters: Vec<_> = (0..2500).map(voter).collect();
        app.enrol(&voters).await;
        let emails: String = voters[..2100].iter().flat_map(|voter| [&voter.email, "\n"]).collect();
        app.file("votes.csv", format!("\u{feff}Courriel\r\n{emails}pas une adresse\ninconnu@ac-valmont.example\n{}\n", voter(0).email).as_bytes());
        let import = ["voted", "import", "--election", "1", "votes.csv"];
        let (status, said, told) = run(&app, &import);
        assert_eq!((status, said.as_str()), (0, "2100 votes notés, 1 déjà connus, 2 lignes refusées\n"), "{told}");
        assert!(told.contains("ligne 2102 courriel « pas une adresse »") && told.contains("ligne 2103"), "{told}");
        assert_eq!(run(&app, &import).1, "0 votes notés, 2101 déjà connus, 2 lignes refusées\n");
        assert_eq!(app.count("SELECT COUNT(*) FROM voter WHERE voted_at IS NOT NULL").await, 2100);
        assert_eq!(app.count("SELECT COUNT(*) FROM desk_act WHERE act = 'voted' AND actor = 'alix'").await, 2100);

        app.file("votes.csv", format!("numen\n{}\n{}\n", voter(2400).numen, voter(9_000).numen).as_bytes());
        let (status, said, told) = run(&app, &import);
        assert_eq!((status, said.as_str()), (0, "1 votes notés, 0 déjà connus, 1 lignes refusées\n"));
        assert!(!told.contains(&voter(9_000).numen), "{told}");
        app.file("votes.csv", b"courriel\nx\ny\n");
        assert_eq!(run(&app, &import).0, 1, "nothing of it was any use");
        app.file("votes.csv", b"nom\nOrmeau\n");
        let (status, _, reason) = run(&app, &import);
        assert!(status == 1 && reason.contains("courriel, ou numen"), "{reason}");
    }
}

on_both! {
    /// However a vote and a request meet: after the vote is noted nothing is issued.
    async fn of_a_vote_and_a_request_at_once_none_is_issued_after_the_vote(app: App) {
        let voters: Vec<_> = (0..16).map(voter).collect();
        app.enrol(&voters).await;
        let mut tasks = Vec::new();
        for (n, voter) in voters.iter().enumerate() {
            let browser = app.browser();
            browser.arrive(&app, voter).await;
            let captcha = browser.captcha().await;
            let form = voter.form(&format!("06 12 34 56 {n:02}"), &captcha);
            let (portal, election) = (app.portal.clone(), app.election.clone());
            let email = EmailAddress::parse(&voter.email).unwrap();
            tasks.push(async move {
                let desk = Desk { actor: "alix".into(), reason: Reason::parse("émargement").unwrap() };
                let voted = tokio::spawn(async move { desk::act(&portal, &election, &email, Act::Voted, &desk).await });
                let asked = tokio::spawn({
                    let browser = browser.clone();
                    async move { browser.submit(&form).await.outcome().to_owned() }
                });
                assert_eq!(voted.await.unwrap().unwrap(), Outcome::Done);
                (browser, asked.await.unwrap())
            });
        }
        let met = futures::future::join_all(tasks).await;
        assert!(met.iter().all(|(_, outcome)| ["issued", "window-closed"].contains(&outcome.as_str())));
        let refused = met.iter().filter(|(_, outcome)| outcome == "window-closed").count();
        let issued = app.count("SELECT COUNT(*) FROM voting_identifier").await;
        assert_eq!(usize::try_from(issued).unwrap() + refused, 16);
        // Recorded one after the other under the voter's lock: a check that came after the vote was refused.
        for (n, (browser, _)) in met.iter().enumerate() {
            let captcha = browser.get("/electeur/identifiant").await;
            captcha.expect(200, "window-closed");
            assert_eq!(app.count(&format!("SELECT COUNT(*) FROM voter WHERE voted_at IS NULL AND last_name = 'Ormeau{n}'")).await, 0);
        }
    }
}
