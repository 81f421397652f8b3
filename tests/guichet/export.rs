//! What the voting platform is given, and what it gives back.

use std::collections::{HashMap, HashSet};
use std::process::Output;

use chrono::Duration;
use guichet::entities::message::{self, Channel};
use guichet::entities::voting_identifier::{self, State};
use guichet::entities::{phone_claim, voter as voters};
use guichet::issuance::desk::voted::{Named, mark};
use guichet::issuance::desk::{Desk, Reason};
use guichet::issuance::export::export;
use guichet::issuance::export::verify::verify;
use guichet::roll::voted::{self, Summary};
use guichet::values::{EmailAddress, Pseudonyms, VotingIdentifier};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::support::{App, Browser, on_both, voter};

const PHONE: &str = "06 12 34 56 78";

async fn exported(app: &App, election: i64) -> String {
    let mut file = Vec::new();
    export(&app.portal, election, &mut file).await.unwrap();
    assert!(verify(file.as_slice(), &app.portal.keys).unwrap().is_ok());
    String::from_utf8(file).unwrap()
}

/// The records of an export, by digest: voter, ballots, state, sequence, generation, since.
fn records(file: &str) -> HashMap<String, Vec<String>> {
    let lines = file.lines().skip(1).filter(|line| !line.starts_with('#'));
    let cells = lines.map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    cells.map(|cells| (cells[0].clone(), cells[1..].to_vec())).collect()
}

/// The records of what was sent by SMS, in the order of sending.
async fn sent(app: &App) -> Vec<Vec<String>> {
    let records = records(&exported(app, app.election.id).await);
    digests(app).iter().map(|digest| records[digest].clone()).collect()
}

/// The digests of what was sent, as the platform computes them from what voters type.
fn digests(app: &App) -> Vec<String> {
    let key = app.portal.keys.of_election(app.election.id);
    let typed = app.sms().into_iter().map(|sms| sms.text.split_whitespace().find_map(VotingIdentifier::parse).unwrap());
    typed.map(|typed| hex::encode(typed.digest(&key))).collect()
}

fn desk() -> Desk {
    Desk { actor: "alix".into(), reason: Reason::parse("liste des votants").unwrap() }
}

/// Takes in a list of votes; tells what became of it and which lines were refused.
async fn take_in(app: &App, list: &str) -> (Summary, Vec<u64>) {
    let file = std::fs::File::open(app.file("votes.csv", list.as_bytes())).unwrap();
    let mut refused = Vec::new();
    let mut tell = |fault: &guichet::roll::parse::LineFault| {
        refused.push(fault.line);
        Ok(())
    };
    let summary = voted::import(&app.portal, &app.election, &file, &desk(), &mut tell, &mut |_| ()).await;
    refused.sort_unstable();
    (summary.unwrap().unwrap(), refused)
}

async fn issued(app: &App, browser: &Browser, n: u32) {
    browser.ask_identifier(&voter(n), PHONE).await.expect(200, "issued");
    app.drain().await;
    app.wait(Duration::minutes(10));
}

on_both! {
    async fn the_platform_knows_the_identifiers_of_one_voter_and_nobody_is_named(app: App) {
        let other = app.add_election("Conseil des sages").await;
        app.enrol(&[voter(1), voter(2)]).await;
        let (first, second) = (app.browser(), app.browser());
        first.arrive(&app, &voter(1)).await;
        second.arrive(&app, &voter(2)).await;
        issued(&app, &first, 1).await;
        issued(&app, &first, 1).await;
        second.ask_identifier(&voter(2), "06 98 76 54 32").await.expect(200, "issued");
        app.drain().await;

        let file = exported(&app, app.election.id).await;
        assert_eq!(file.lines().next(), Some("digest,voter,ballots,state,sequence,generation,since"));
        let last = file.lines().last().unwrap();
        assert!(last.starts_with("#end election=1 records=3 taken=2026-11-24T09:20:00Z portal="), "{last}");
        let [one, next, another] = sent(&app).await.try_into().unwrap();
        assert_eq!(one[1..], ["CSA|CAP", "revoked", "1", "3", "2026-11-24T09:10:00Z"]);
        assert_eq!(next[1..], ["CSA|CAP", "active", "2", "3", "2026-11-24T09:10:00Z"]);
        assert_eq!(another[1..], ["CSA|CAP", "active", "1", "1", "2026-11-24T09:20:00Z"]);
        assert!(one[0] == next[0] && one[0] != another[0], "one pseudonym for each voter");

        let row = voters::Entity::find().one(&app.portal.db).await.unwrap().unwrap();
        let elsewhere = Pseudonyms::of(&app.portal.keys, other.id).write(row.id);
        assert_ne!(elsewhere, Pseudonyms::of(&app.portal.keys, app.election.id).write(row.id));
        let claim = phone_claim::Entity::find().one(&app.portal.db).await.unwrap().unwrap();
        let mut secrets = vec![
            hex::encode(&row.numen_digest),
            hex::encode(&row.birthdate_digest),
            hex::encode(&claim.phone_digest),
            hex::encode(app.portal.keys.of_election(app.election.id)),
            "612345678".into(),
            "56 78".into(),
        ];
        for n in [1, 2] {
            let voter = voter(n);
            secrets.extend([voter.email, voter.last_name, voter.first_names, voter.numen, voter.birthdate, voter.uai]);
        }
        for sms in app.sms() {
            let identifier = sms.text.split_whitespace().find_map(VotingIdentifier::parse).unwrap().text();
            secrets.extend([identifier.replace('-', ""), identifier]);
        }
        for secret in secrets {
            assert!(!file.contains(&secret), "{secret}");
        }
        assert_eq!(records(&exported(&app, other.id).await).len(), 0);
    }
}

on_both! {
    /// A later file says more of a voter, by a number that only grows.
    async fn each_change_raises_the_generation_of_its_voter(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let mut seen = Vec::new();
        issued(&app, &browser, 1).await;
        seen.push(sent(&app).await[0][2..5].to_vec());
        let link = app.mailed_link(&voter(1).email, "/pas-moi/");
        app.browser().post(&link, &[]).await.expect(200, "frozen");
        seen.push(sent(&app).await[0][2..5].to_vec());
        take_in(&app, &format!("courriel\n{}\n", voter(1).email)).await;
        seen.push(sent(&app).await[0][2..5].to_vec());
        assert_eq!(seen, [["active", "1", "1"], ["revoked", "1", "2"], ["revoked", "1", "3"]]);
    }
}

on_both! {
    async fn a_list_may_name_voters_as_the_export_does(app: App) {
        app.enrol(&[voter(1), voter(2), voter(3)]).await;
        let (first, second) = (app.browser(), app.browser());
        first.arrive(&app, &voter(1)).await;
        second.arrive(&app, &voter(2)).await;
        issued(&app, &first, 1).await;
        issued(&app, &first, 1).await;
        second.ask_identifier(&voter(2), "06 98 76 54 32").await.expect(200, "issued");
        app.drain().await;
        app.wait(Duration::minutes(10));
        let before = sent(&app).await;

        // The first identifier voted while the second was on its way: the second opens nothing.
        let list = format!("digest\n{}\n{}\nabc\n", digests(&app)[0].to_uppercase(), "0".repeat(64));
        let (done, refused) = take_in(&app, &list).await;
        assert_eq!((done.marked, done.ended, refused), (1, 1, vec![3, 4]));
        let elsewhere = Pseudonyms::of(&app.portal.keys, app.election.id + 1).write(2);
        let list = format!("voter;n\n{};1\n{elsewhere};2\n{};3\n", before[2][0], before[0][0]);
        let (done, refused) = take_in(&app, &list).await;
        assert_eq!((done.marked, done.unchanged, done.ended, refused), (1, 1, 0, vec![3]));
        assert_eq!(take_in(&app, &list).await.0.marked, 0);

        let states: Vec<_> = sent(&app).await.into_iter().map(|record| record[2].clone()).collect();
        assert_eq!(states, ["revoked", "revoked", "voted"], "what may have voted is told, not taken away");
        for browser in [first, second] {
            browser.get("/electeur/identifiant").await.expect(200, "window-closed");
        }
        let file = std::fs::File::open(app.file("votes.csv", b"digest,voter\n")).unwrap();
        let taken = voted::import(&app.portal, &app.election, &file, &desk(), &mut |_| Ok(()), &mut |_| ()).await;
        assert!(taken.unwrap().unwrap_err().contains("gardez l’une des deux"));
    }
}

on_both! {
    async fn an_issue_that_comes_before_the_vote_it_crosses_is_revoked_and_its_sms_withdrawn(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let named = [1, 2].map(|n| Named::Email(EmailAddress::parse(&voter(n).email).unwrap()));
        let known_at = app.portal.now();
        app.wait(Duration::seconds(1));
        for n in [1, 2] {
            let browser = app.browser();
            browser.arrive(&app, &voter(n)).await;
            browser.ask_identifier(&voter(n), &format!("06 12 34 56 0{n}")).await.expect(200, "issued");
            if n == 1 {
                app.drain().await;
            }
        }
        let marked = mark(&app.portal, &app.election, &named, known_at, &desk()).await.unwrap();
        assert_eq!(marked.ended, 2, "one has been sent, one not");
        app.drain().await;
        assert_eq!(app.sms().len(), 1);
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier WHERE state = 'revoked'").await, 2);
    }
}

on_both! {
    async fn an_issue_that_comes_after_the_vote_it_crosses_is_refused(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let form = voter(1).form(PHONE, &browser.captcha().await);
        assert_eq!(take_in(&app, &format!("numen\n{}\n", voter(1).numen)).await.0.marked, 1);
        browser.submit(&form).await.expect(403, "window-closed");
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 0);
    }
}

on_both! {
    async fn of_a_list_of_votes_and_requests_at_once_no_identifier_is_left(app: App) {
        let cast: Vec<_> = (0..16).map(voter).collect();
        app.enrol(&cast).await;
        let mut forms = Vec::new();
        for (n, voter) in cast.iter().enumerate() {
            let browser = app.browser();
            browser.arrive(&app, voter).await;
            let form = voter.form(&format!("06 12 34 56 {n:02}"), &browser.captcha().await);
            forms.push(async move { browser.submit(&form).await.outcome().to_owned() });
        }
        let list: String = cast.iter().flat_map(|voter| [voter.email.as_str(), "\n"]).collect();
        let list = format!("courriel\n{list}");
        let voting = async {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            take_in(&app, &list).await
        };
        let ((taken, _), outcomes) = tokio::join!(voting, futures::future::join_all(forms));
        assert_eq!(taken.marked, 16);
        assert!(outcomes.iter().all(|outcome| ["issued", "revoked", "voided", "window-closed"].contains(&outcome.as_str())), "{outcomes:?}");
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier WHERE state = 'active'").await, 0);
        let issued = app.count("SELECT COUNT(*) FROM voting_identifier").await;
        assert_eq!(taken.ended, u64::try_from(issued).unwrap(), "each that was issued before was ended by the list");
        app.drain().await;
        assert_eq!(app.sms().len(), 0);
    }
}

/// Three identifiers for each voter of a roll: more than one portion.
async fn fill(app: &App) -> usize {
    const VOTERS: u32 = 4000;
    let cast: Vec<_> = (0..VOTERS).map(voter).collect();
    app.enrol(&cast).await;
    let rows = voters::Entity::find().all(&app.portal.db).await.unwrap();
    let now = app.portal.now();
    let mut number = 0_i64;
    for portion in rows.chunks(250) {
        let (mut sms, mut identifiers) = (Vec::new(), Vec::new());
        for voter in portion {
            for sequence in 1..=3 {
                number += 1;
                sms.push(message::ActiveModel {
                    id: Set(number),
                    channel: Set(Channel::Sms),
                    letter: Set("identifier".into()),
                    state: Set(message::State::Accepted),
                    attempts: Set(1),
                    created_at: Set(now),
                    due_at: Set(now),
                    ended_at: Set(Some(now)),
                    priority: Set(0),
                    ..Default::default()
                });
                let digest = |what: &str| {
                    app.portal.keys.digest(guichet::values::Purpose::Check, &[what.as_bytes(), &number.to_le_bytes()])
                };
                identifiers.push(voting_identifier::ActiveModel {
                    election_id: Set(app.election.id),
                    voter_id: Set(voter.id),
                    sequence: Set(sequence),
                    digest: Set(digest("identifier")),
                    state: Set(if sequence == 3 { State::Active } else { State::Revoked }),
                    phone_digest: Set(vec![0]),
                    masked_number: Set(String::new()),
                    requested_at: Set(now),
                    ended_at: Set((sequence < 3).then_some(now)),
                    sms_id: Set(number),
                    disavow_digest: Set(digest("disavow")),
                    ..Default::default()
                });
            }
        }
        message::Entity::insert_many(sms).exec_without_returning(&app.portal.db).await.unwrap();
        voting_identifier::Entity::insert_many(identifiers).exec_without_returning(&app.portal.db).await.unwrap();
    }
    usize::try_from(number).unwrap()
}

fn run(app: &App, arguments: &[&str]) -> (i32, String, String) {
    let output: Output = app.command().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(['\u{a0}', '\u{202f}'], " ");
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

on_both! {
    async fn exports_that_overlap_are_all_whole(app: App) {
        let filled = fill(&app).await;
        let export = ["election", "export", "--election", "1", "--to", "x.csv", "--key-to", "k.hex"];
        for pause in [0, 40, 150] {
            let running: Vec<_> = (0..3)
                .map(|_| {
                    std::thread::sleep(std::time::Duration::from_millis(pause));
                    app.command().args(export).stdout(std::process::Stdio::null()).spawn().unwrap()
                })
                .collect();
            for mut process in running {
                assert!(process.wait().unwrap().success());
                // The others may still be writing: what is published is whole all the same.
                let file = std::fs::read(app.folder.path().join("x.csv")).unwrap();
                let last = verify(file.as_slice(), &app.portal.keys).unwrap().unwrap();
                assert_eq!(usize::try_from(last.records).unwrap(), filled);
            }
        }
        let file = std::fs::read_to_string(app.folder.path().join("x.csv")).unwrap();
        let records = records(&file);
        assert_eq!(records.len(), filled, "no line twice, none missing between two portions");
        assert!(records.values().all(|record| record[4] == "5"), "three issued, two ended");
        assert_eq!(records.values().map(|record| &record[0]).collect::<HashSet<_>>().len(), filled / 3);
        let names: Vec<_> = std::fs::read_dir(app.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name.to_string_lossy().contains("unfinished")), "{names:?}");
        assert_eq!(run(&app, &["export", "verify", "x.csv"]).0, 0);
    }
}

on_both! {
    async fn what_is_wrong_with_an_export_is_said(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        issued(&app, &browser, 1).await;
        issued(&app, &browser, 1).await;
        assert_eq!(run(&app, &["election", "export", "--election", "1", "--to", "x.csv"]).0, 0);
        let whole = std::fs::read_to_string(app.folder.path().join("x.csv")).unwrap();
        let (status, said, _) = run(&app, &["export", "verify", "x.csv"]);
        assert!(status == 0 && said.starts_with("Fichier entier et inchangé : 2 identifiants de l’élection 1"), "{said}");

        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        for (content, words) in [
            (String::new(), "le fichier est vide"),
            ("courriel\n".into(), "n’est pas un export"),
            (lines[..2].concat(), "tronqué"),
            (whole[..whole.len() - 10].into(), "coupée"),
            ([lines[0], lines[2], lines[3]].concat(), "2 lignes annoncées, 1 trouvées"),
            ([lines[0], lines[1], lines[1], lines[2], lines[3]].concat(), "des lignes ont été ajoutées"),
            (whole.repeat(2), "allongé"),
            (whole.replacen("revoked", "active", 1), "altéré"),
        ] {
            app.file("y.csv", content.as_bytes());
            let (status, said, told) = run(&app, &["export", "verify", "y.csv"]);
            assert!(status == 1 && said.is_empty() && told.contains(words), "{words}: {told}");
        }
        let mut elsewhere = app.command();
        elsewhere.env("GUICHET_PORTAL__SECRET", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=");
        let output = elsewhere.args(["export", "verify", "x.csv"]).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && told.contains("un autre portail"), "{told}");
        assert_eq!(run(&app, &["export", "verify", "absent.csv"]).0, 1);
    }
}
