//! What a voter sees of their own procedure: where they stand, and what was sent.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::rules::Standing;
use super::seat::{self, Seat};
use crate::entities::{message, voting_identifier};
use crate::fault::Fault;
use crate::portal::Portal;

/// A seat with everything that was issued to it, latest first.
#[derive(Debug)]
pub struct Space {
    pub seat: Seat,
    pub standing: Standing,
    pub issued: Vec<Issued>,
}

#[derive(Debug)]
pub struct Issued {
    pub identifier: voting_identifier::Model,
    pub sms: message::Model,
}

pub async fn space(portal: &Portal, seat: Seat) -> Result<Space, Fault> {
    let identifiers = seat::identifiers(&portal.db, seat.voter.id).await?;
    let standing = seat::standing(&seat.election, &seat.voter, &identifiers);
    let sms_ids: Vec<i64> = identifiers.iter().map(|identifier| identifier.sms_id).collect();
    let messages = message::Entity::find().filter(message::Column::Id.is_in(sms_ids)).all(&portal.db).await?;
    let mut issued: Vec<Issued> = identifiers
        .into_iter()
        .filter_map(|identifier| {
            let sms = messages.iter().find(|message| message.id == identifier.sms_id)?.clone();
            Some(Issued { identifier, sms })
        })
        .collect();
    issued.sort_by_key(|issued| -issued.identifier.sequence);
    Ok(Space { seat, standing, issued })
}
