//! One run of the procedure: compare, decide under lock, and commit the decision with its messages.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::rules::{self, Decision, Evidence, PhoneOwner, Refusal};
use super::seat::{self, Seat};
use super::void;
use crate::db::Work;
use crate::entities::voting_identifier::State;
use crate::entities::{account, election, identity_check, phone_claim, voter, voting_identifier};
use crate::fault::Fault;
use crate::outbox::{self, letters};
use crate::portal::Portal;
use crate::values::{Birthdate, Instant, MobileNumber, Numen, Purpose, Token, VotingIdentifier};

/// The outcome under which an issued identifier is recorded.
const ISSUED: &str = "issued";

/// A form that parsed, with the solved captcha that pays for it.
#[derive(Debug)]
pub struct Request {
    pub mobile: MobileNumber,
    pub numen: Numen,
    pub birthdate: Birthdate,
    /// Digest of the captcha's own name; a captcha serves one decision.
    pub captcha: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Issued,
    Refused(Refusal),
    /// The captcha has served another form; nothing was decided.
    CaptchaUsed,
}

/// What is drawn and written before the lock is taken, so that nobody waits for it.
struct Draft {
    /// What its letters tell: when it was asked for, and for which election.
    at: Instant,
    election: election::Model,
    identifier_digest: Vec<u8>,
    disavow: Token,
    sms: outbox::Sealed,
    mail: outbox::Sealed,
}

/// The digests of a form: all that is compared or kept of it.
struct Digests {
    numen: Vec<u8>,
    phone: Vec<u8>,
    submission: Vec<u8>,
}

/// Decides on a form. The same form sent twice (a double click, a reload) gets the first decision again.
pub async fn request(
    portal: &Portal,
    seat: &Seat,
    account: &account::Model,
    request: &Request,
) -> Result<Outcome, Fault> {
    let mut draft = Draft::write(portal, seat, seat.election.clone(), account, request)?;
    let digests = digests(portal, &seat.election, request);

    let work = portal.db.begin().await?;
    let voter = voter::Entity::find_by_id(seat.voter.id)
        .lock_exclusive()
        .one(&work)
        .await?
        .filter(|voter| voter.account_id == account.id)
        .ok_or_else(|| Fault::new("a voter left the roll, or this account"))?;
    // Whatever decides is read after the lock: it may have been waited for.
    let election = election::Entity::find_by_id(voter.election_id)
        .one(&work)
        .await?
        .ok_or_else(|| Fault::new("a voter of no election"))?;
    let now = portal.now();
    let earlier = seat::identifiers(&work, voter.id).await?;
    let standing = seat::standing(&election, &voter, &earlier);
    let mut evidence = Evidence {
        numen: digests.numen == voter.numen_digest,
        // Against the roll's NUMEN, not the typed one, so that each is judged by itself.
        birthdate: request.birthdate.digest(&portal.keys, &voter.numen_digest) == voter.birthdate_digest,
        // Asked only when nothing else stands in the way: by claiming it.
        phone: PhoneOwner::Nobody,
    };
    let mut decision = rules::decide(&standing, evidence, now);
    if decision == Decision::Issue {
        evidence.phone = claim_phone(&work, &voter, &digests.phone).await?;
        decision = rules::decide(&standing, evidence, now);
    }
    if !record(&work, &voter, request, &digests, decision, now).await? {
        drop(work);
        return replay(portal, &voter, request, &digests).await;
    }
    match decision {
        Decision::Issue => {
            if !draft.still_tells(&election, now) {
                draft = Draft::write(portal, seat, election, account, request)?;
            }
            draft.at = now;
            if standing.requests_today(now) + 1 == rules::REQUESTS_PER_DAY {
                portal.metrics.alarm("requests");
                tracing::error!(voter_id = voter.id, "alarm: a voter has asked for the last SMS of a day");
            }
            issue(&work, portal, &voter, &earlier, request, digests.phone, draft).await?;
            if voter.failed_checks > 0 {
                count(&work, &voter, 0, (voter.phone_refusals, voter.phone_refused_at)).await?;
            }
        }
        Decision::Refuse(refusal) if refusal.is_failed_check() => {
            let phones = (voter.phone_refusals, voter.phone_refused_at);
            count(&work, &voter, voter.failed_checks + 1, phones).await?;
        }
        Decision::Refuse(Refusal::PhoneTaken) => {
            let phones = (standing.phone_refusals_today(now) + 1, Some(now));
            count(&work, &voter, voter.failed_checks, phones).await?;
        }
        Decision::Refuse(_) => {}
    }
    work.commit().await?;
    Ok(match decision {
        Decision::Issue => {
            portal.wake_worker();
            Outcome::Issued
        }
        Decision::Refuse(refusal) => Outcome::Refused(refusal),
    })
}

impl Draft {
    fn write(
        portal: &Portal,
        seat: &Seat,
        election: election::Model,
        account: &account::Model,
        request: &Request,
    ) -> Result<Self, Fault> {
        let at = portal.now();
        let identifier = VotingIdentifier::draw(&portal.chance);
        let disavow = Token::draw(&portal.chance);
        Ok(Self {
            identifier_digest: identifier.digest(&portal.keys.of_election(election.id)),
            sms: letters::identifier_sms(portal, &election, &request.mobile, &identifier, account.speaks())?,
            mail: letters::identifier_sent(portal, seat.reader(account), &election, &request.mobile, &disavow, at)?,
            disavow,
            at,
            election,
        })
    }

    /// Whether what the letters say holds at the moment of the decision; they tell it to the minute.
    fn still_tells(&self, election: &election::Model, now: Instant) -> bool {
        self.election == *election && self.at.timestamp() / 60 == now.timestamp() / 60
    }
}

fn digests(portal: &Portal, election: &election::Model, request: &Request) -> Digests {
    let numen = request.numen.digest(&portal.keys);
    let birthdate = request.birthdate.digest(&portal.keys, &numen);
    let phone = request.mobile.digest(&portal.keys, election.id);
    let submission = portal.keys.digest(Purpose::Submission, &[&numen, &birthdate, &phone]);
    Digests { numen, phone, submission }
}

/// Takes a phone for a voter, or finds whose it is. The primary key decides between voters who
/// claim it at the same time: the later one waits for the earlier one's commit.
async fn claim_phone(work: &Work, voter: &voter::Model, phone: &[u8]) -> Result<PhoneOwner, Fault> {
    let claim = phone_claim::ActiveModel {
        election_id: Set(voter.election_id),
        phone_digest: Set(phone.to_owned()),
        voter_id: Set(voter.id),
    };
    let inserted = phone_claim::Entity::insert(claim)
        .on_conflict(
            OnConflict::columns([phone_claim::Column::ElectionId, phone_claim::Column::PhoneDigest])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(work)
        .await?;
    if inserted == 1 {
        return Ok(PhoneOwner::ThisVoter);
    }
    let claim = phone_claim::Entity::find_by_id((voter.election_id, phone.to_owned())).one(work).await?;
    // One that has gone in between was not ours, either.
    let is_theirs = claim.is_some_and(|claim| claim.voter_id == voter.id);
    Ok(if is_theirs { PhoneOwner::ThisVoter } else { PhoneOwner::AnotherVoter })
}

/// Records the run, refused or not. False when its captcha has already paid for another run.
async fn record(
    work: &Work,
    voter: &voter::Model,
    request: &Request,
    digests: &Digests,
    decision: Decision,
    now: Instant,
) -> Result<bool, Fault> {
    let outcome = match decision {
        Decision::Issue => ISSUED,
        Decision::Refuse(refusal) => refusal.name(),
    };
    let check = identity_check::ActiveModel {
        id: NotSet,
        voter_id: Set(voter.id),
        checked_at: Set(now),
        outcome: Set(outcome.to_owned()),
        captcha_digest: Set(request.captcha.clone()),
        submission_digest: Set(digests.submission.clone()),
    };
    let inserted = identity_check::Entity::insert(check)
        .on_conflict(OnConflict::column(identity_check::Column::CaptchaDigest).do_nothing().to_owned())
        .exec_without_returning(work)
        .await?;
    Ok(inserted == 1)
}

/// What the captcha's first run decided, if that run was of the same form.
async fn replay(portal: &Portal, voter: &voter::Model, request: &Request, digests: &Digests) -> Result<Outcome, Fault> {
    let first = identity_check::Entity::find()
        .filter(identity_check::Column::CaptchaDigest.eq(request.captcha.clone()))
        .filter(identity_check::Column::VoterId.eq(voter.id))
        .filter(identity_check::Column::SubmissionDigest.eq(digests.submission.clone()))
        .one(&portal.db)
        .await?;
    Ok(match first {
        Some(check) if check.outcome == ISSUED => Outcome::Issued,
        Some(check) => Refusal::from_name(&check.outcome).map_or(Outcome::CaptchaUsed, Outcome::Refused),
        None => Outcome::CaptchaUsed,
    })
}

/// Writes the new identifier, revokes the one before, and enqueues the SMS and the notice.
async fn issue(
    work: &Work,
    portal: &Portal,
    voter: &voter::Model,
    earlier: &[voting_identifier::Model],
    request: &Request,
    phone_digest: Vec<u8>,
    draft: Draft,
) -> Result<(), Fault> {
    for identifier in earlier.iter().filter(|identifier| identifier.state == State::Active) {
        void::retire(work, portal, voter, identifier, Some(&phone_digest)).await?;
    }
    // Where not all can leave, those who have received nothing yet go first.
    let sms = if earlier.is_empty() { draft.sms } else { draft.sms.yielding() };
    let sms = outbox::enqueue_pair(work, portal, Some(voter.account_id), sms, draft.mail).await?;
    let identifier = voting_identifier::ActiveModel {
        id: NotSet,
        election_id: Set(voter.election_id),
        voter_id: Set(voter.id),
        sequence: Set(earlier.iter().map(|identifier| identifier.sequence).max().unwrap_or(0) + 1),
        digest: Set(draft.identifier_digest),
        state: Set(State::Active),
        phone_digest: Set(phone_digest),
        masked_number: Set(request.mobile.masked()),
        requested_at: Set(draft.at),
        ended_at: Set(None),
        sms_id: Set(sms),
        disavow_digest: Set(draft.disavow.digest()),
    };
    voting_identifier::Entity::insert(identifier).exec_without_returning(work).await?;
    Ok(())
}

async fn count(
    work: &Work,
    voter: &voter::Model,
    failed_checks: i32,
    (phone_refusals, phone_refused_at): (i32, Option<Instant>),
) -> Result<(), Fault> {
    let counted = voter::ActiveModel {
        id: Set(voter.id),
        failed_checks: Set(failed_checks),
        phone_refusals: Set(phone_refusals),
        phone_refused_at: Set(phone_refused_at),
        ..Default::default()
    };
    counted.update(work).await?;
    Ok(())
}
