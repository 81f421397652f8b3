//! The establishments of a roll: found, added, renamed.

use std::collections::{BTreeMap, HashMap};

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::parse::Row;
use crate::entities::establishment;
use crate::fault::Fault;

/// The establishments met so far in an import, by UAI. The file's first spelling of a name counts.
#[derive(Default)]
pub struct Establishments(HashMap<String, i64>);

impl Establishments {
    /// The ids of a portion's establishments, as far as they are known, and how many of the new ones have another name.
    pub async fn known(
        &mut self,
        db: &impl ConnectionTrait,
        rows: &[Row],
    ) -> Result<(HashMap<String, i64>, u64), Fault> {
        let unmet = self.unmet(rows);
        let found = establishment::Entity::find()
            .filter(establishment::Column::Uai.is_in(unmet.keys().cloned()))
            .all(db)
            .await?;
        let is_renamed = |place: &&establishment::Model| {
            unmet.get(&place.uai).is_some_and(|row| row.establishment != place.name || row.academy != place.academy)
        };
        let renamed = found.iter().filter(is_renamed).count() as u64;
        self.0.extend(found.into_iter().map(|establishment| (establishment.uai, establishment.id)));
        Ok((rows.iter().filter_map(|row| Some((row.uai.clone(), *self.0.get(&row.uai)?))).collect(), renamed))
    }

    /// The same, with the new ones added and changed names written.
    pub async fn ensure(
        &mut self,
        work: &impl ConnectionTrait,
        rows: &[Row],
    ) -> Result<(HashMap<String, i64>, u64), Fault> {
        let models: Vec<_> = self
            .unmet(rows)
            .values()
            .map(|row| establishment::ActiveModel {
                id: NotSet,
                uai: Set(row.uai.clone()),
                name: Set(row.establishment.clone()),
                academy: Set(row.academy.clone()),
            })
            .collect();
        let (_, renamed) = self.known(work, rows).await?;
        if !models.is_empty() {
            let columns = [establishment::Column::Name, establishment::Column::Academy];
            establishment::Entity::insert_many(models)
                .on_conflict(OnConflict::column(establishment::Column::Uai).update_columns(columns).to_owned())
                .exec_without_returning(work)
                .await?;
        }
        Ok((self.known(work, rows).await?.0, renamed))
    }

    fn unmet<'a>(&self, rows: &'a [Row]) -> BTreeMap<String, &'a Row> {
        let mut unmet = BTreeMap::new();
        for row in rows.iter().filter(|row| !self.0.contains_key(&row.uai)) {
            unmet.entry(row.uai.clone()).or_insert(row);
        }
        unmet
    }
}
