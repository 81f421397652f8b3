//! What the voting platform is given.

use guichet::issuance::export::export;
use guichet::values::VotingIdentifier;

use crate::support::{App, on_both, voter};

on_both! {
    async fn the_platform_recognises_the_identifiers_and_nobody_else_is_named(app: App) {
        let other = app.add_election("Conseil des sages").await;
        app.enrol(&[voter(1), voter(2)]).await;
        let (first, second) = (app.browser(), app.browser());
        first.arrive(&app, &voter(1)).await;
        second.arrive(&app, &voter(2)).await;
        first.ask_identifier(&voter(1), "06 12 34 56 78").await.expect(200, "issued");
        app.drain().await;
        first.ask_identifier(&voter(1), "06 12 34 56 78").await.expect(200, "issued");
        app.drain().await;
        second.ask_identifier(&voter(2), "06 98 76 54 32").await.expect(200, "issued");
        app.drain().await;

        let mut file = Vec::new();
        assert_eq!(export(&app.portal, app.election.id, &mut file).await.unwrap(), 3);
        let file = String::from_utf8(file).unwrap();
        assert_eq!(file.lines().next(), Some("digest,state,sequence"));
        // The platform computes the same digest from what a voter types and the election's key.
        let key = app.portal.keys.of_election(app.election.id);
        let lines: Vec<String> = app
            .sms()
            .iter()
            .map(|sms| {
                let typed = sms.text.split_whitespace().find_map(VotingIdentifier::parse).unwrap();
                let digest = hex::encode(typed.digest(&key));
                file.lines().find(|line| line.starts_with(&digest)).expect("a line").replace(&digest, "")
            })
            .collect();
        assert_eq!(lines, [",revoked,1", ",active,2", ",active,1"]);
        for named in [&voter(1).email, &voter(1).last_name, &voter(1).numen] {
            assert!(!file.contains(named.as_str()));
        }
        let mut empty = Vec::new();
        assert_eq!(export(&app.portal, other.id, &mut empty).await.unwrap(), 0);
        assert_ne!(key, app.portal.keys.of_election(other.id), "each election has its own key");
    }
}
