//! The tables of the kinds of resources.

use platform::store::{
    Adapter, Domain, DomainGroup, FlowRuntime, Instance, Model, Relationship, Stored, TokenIssuer,
    TwinNo,
};
use rusqlite::types::Value;
use rusqlite::{Row, Transaction, params};

use super::{OWN_AT, Table, common, from_json, from_optional_json, json, optional, text};
use crate::connection::failed;
use crate::references::{refuse_if_used, still_active};

impl Table for DomainGroup {
    const TABLE: &'static str = "domain_group";
    const OWN: &'static str = "short_id, group_type, vcn_ids";

    fn read(row: &Row<'_>) -> rusqlite::Result<DomainGroup> {
        Ok(DomainGroup {
            common: common(row)?,
            short_id: row.get(OWN_AT)?,
            group_type: row.get(OWN_AT + 1)?,
            vcn_ids: from_optional_json(row, OWN_AT + 2)?,
        })
    }

    fn own(&self) -> Vec<Value> {
        let vcn_ids = self.vcn_ids.as_ref().map(json);
        vec![text(&self.short_id), text(&self.group_type), optional(vcn_ids.as_deref())]
    }
}

impl Table for Domain {
    const TABLE: &'static str = "domain";
    const OWN: &'static str = "group_id, short_id, retention, token_issuer, identity_groups";

    fn read(row: &Row<'_>) -> rusqlite::Result<Domain> {
        let issuer: Option<String> = row.get(OWN_AT + 3)?;
        Ok(Domain {
            common: common(row)?,
            group_id: row.get(OWN_AT)?,
            short_id: row.get(OWN_AT + 1)?,
            retention: from_json(row, OWN_AT + 2)?,
            token_issuer: issuer.map(|host| match host.is_empty() {
                true => TokenIssuer::Own,
                false => TokenIssuer::Other(host),
            }),
            identity_groups: from_optional_json(row, OWN_AT + 4)?,
        })
    }

    fn own(&self) -> Vec<Value> {
        let issuer = self.token_issuer.as_ref().map(|issuer| match issuer {
            TokenIssuer::Own => "",
            TokenIssuer::Other(host) => host,
        });
        let groups = self.identity_groups.as_ref().map(json);
        vec![
            text(&self.group_id),
            text(&self.short_id),
            text(&json(&self.retention)),
            optional(issuer),
            optional(groups.as_deref()),
        ]
    }
}

impl Table for Model {
    const TABLE: &'static str = "model";
    const OWN: &'static str = "spec_uri, refs";
    const DOCUMENT: Option<&'static str> = Some("spec");

    fn read(row: &Row<'_>) -> rusqlite::Result<Model> {
        let references = from_json(row, OWN_AT + 1)?;
        Ok(Model { common: common(row)?, spec_uri: row.get(OWN_AT)?, references })
    }

    fn own(&self) -> Vec<Value> {
        vec![text(&self.spec_uri), text(&json(&self.references))]
    }

    fn check_unused(&self, transaction: &Transaction<'_>) -> Stored<()> {
        let id = &self.common.id;
        refuse_if_used::<Model>(transaction, "instance", "model_id = ?", id)?;
        refuse_if_used::<Model>(transaction, "adapter", "model_id = ?", id)?;
        let sql = "parent_id = (SELECT parent_id FROM model WHERE id = ?1)
             AND EXISTS (SELECT 1 FROM json_each(refs) r WHERE r.value = (SELECT spec_uri FROM model WHERE id = ?1))";
        refuse_if_used::<Model>(transaction, "model", sql, id)
    }

    fn duplicate(&self) -> String {
        format!(
            "a digital twin model with the DTMI '{}' is already ACTIVE in this domain",
            self.spec_uri
        )
    }
}

impl Table for Adapter {
    const TABLE: &'static str = "adapter";
    const OWN: &'static str = "model_id, spec_uri, envelope, routes";

    fn read(row: &Row<'_>) -> rusqlite::Result<Adapter> {
        Ok(Adapter {
            common: common(row)?,
            model_id: row.get(OWN_AT)?,
            spec_uri: row.get(OWN_AT + 1)?,
            envelope: row.get(OWN_AT + 2)?,
            routes: row.get(OWN_AT + 3)?,
        })
    }

    fn own(&self) -> Vec<Value> {
        let (envelope, routes) = (self.envelope.as_deref(), self.routes.as_deref());
        vec![text(&self.model_id), text(&self.spec_uri), optional(envelope), optional(routes)]
    }

    fn check_references(&self, transaction: &Transaction<'_>) -> Stored<()> {
        still_active::<Model>(transaction, &self.model_id)
    }

    fn check_unused(&self, transaction: &Transaction<'_>) -> Stored<()> {
        refuse_if_used::<Adapter>(transaction, "instance", "adapter_id = ?", &self.common.id)
    }
}

impl Table for Instance {
    const TABLE: &'static str = "instance";
    const OWN: &'static str =
        "connectivity_type, auth_id, external_key, model_id, spec_uri, adapter_id, gateways";
    const READ_ONLY: &'static str = ", no";

    fn read(row: &Row<'_>) -> rusqlite::Result<Instance> {
        Ok(Instance {
            common: common(row)?,
            connectivity_type: row.get(OWN_AT)?,
            auth_id: row.get(OWN_AT + 1)?,
            external_key: row.get(OWN_AT + 2)?,
            model_id: row.get(OWN_AT + 3)?,
            spec_uri: row.get(OWN_AT + 4)?,
            adapter_id: row.get(OWN_AT + 5)?,
            gateways: from_json(row, OWN_AT + 6)?,
            no: TwinNo(row.get(OWN_AT + 7)?),
        })
    }

    fn own(&self) -> Vec<Value> {
        vec![
            text(&self.connectivity_type),
            optional(self.auth_id.as_deref()),
            text(&self.external_key),
            optional(self.model_id.as_deref()),
            optional(self.spec_uri.as_deref()),
            optional(self.adapter_id.as_deref()),
            text(&json(&self.gateways)),
        ]
    }

    fn check_references(&self, transaction: &Transaction<'_>) -> Stored<()> {
        if let Some(id) = &self.model_id {
            still_active::<Model>(transaction, id)?;
        }
        if let Some(id) = &self.adapter_id {
            still_active::<Adapter>(transaction, id)?;
        }
        self.gateways.iter().try_for_each(|id| still_active::<Instance>(transaction, id))
    }

    fn check_unused(&self, transaction: &Transaction<'_>) -> Stored<()> {
        let id = &self.common.id;
        refuse_if_used::<Instance>(transaction, "relationship", "source_id = ?", id)?;
        refuse_if_used::<Instance>(transaction, "relationship", "target_id = ?", id)?;
        let children = "id IN (SELECT instance_id FROM instance_gateway WHERE gateway_id = ?)";
        refuse_if_used::<Instance>(transaction, "instance", children, id)
    }

    fn write_beside(&self, transaction: &Transaction<'_>) -> Stored<()> {
        let id = &self.common.id;
        let write = || -> rusqlite::Result<()> {
            transaction
                .prepare_cached("DELETE FROM instance_gateway WHERE instance_id = ?")?
                .execute([id])?;
            let mut insert =
                transaction.prepare_cached("INSERT INTO instance_gateway VALUES (?, ?)")?;
            self.gateways
                .iter()
                .try_for_each(|gateway| insert.execute(params![gateway, id]).map(drop))
        };
        write().map_err(failed)
    }

    fn duplicate(&self) -> String {
        format!(
            "a digital twin instance with the externalKey '{}' is already ACTIVE in this domain",
            self.external_key
        )
    }
}

impl Table for Relationship {
    const TABLE: &'static str = "relationship";
    const OWN: &'static str = "content_path, source_id, target_id, content";

    fn read(row: &Row<'_>) -> rusqlite::Result<Relationship> {
        Ok(Relationship {
            common: common(row)?,
            content_path: row.get(OWN_AT)?,
            source_id: row.get(OWN_AT + 1)?,
            target_id: row.get(OWN_AT + 2)?,
            content: row.get(OWN_AT + 3)?,
        })
    }

    fn own(&self) -> Vec<Value> {
        vec![
            text(&self.content_path),
            text(&self.source_id),
            text(&self.target_id),
            optional(self.content.as_deref()),
        ]
    }

    fn check_references(&self, transaction: &Transaction<'_>) -> Stored<()> {
        still_active::<Instance>(transaction, &self.source_id)?;
        still_active::<Instance>(transaction, &self.target_id)
    }

    fn duplicate(&self) -> String {
        format!(
            "a relationship '{}' from {} to {} is already ACTIVE",
            self.content_path, self.source_id, self.target_id
        )
    }
}

impl Table for FlowRuntime {
    const TABLE: &'static str = "flow_runtime";
    const OWN: &'static str = "domain_id, short_id, scale, log_config, network_config";
    const DOCUMENT: Option<&'static str> = Some("flows");

    fn read(row: &Row<'_>) -> rusqlite::Result<FlowRuntime> {
        Ok(FlowRuntime {
            common: common(row)?,
            domain_id: row.get(OWN_AT)?,
            short_id: row.get(OWN_AT + 1)?,
            scale: row.get(OWN_AT + 2)?,
            log_config: row.get(OWN_AT + 3)?,
            network_config: row.get(OWN_AT + 4)?,
        })
    }

    fn own(&self) -> Vec<Value> {
        vec![
            text(&self.domain_id),
            text(&self.short_id),
            text(&self.scale),
            optional(self.log_config.as_deref()),
            optional(self.network_config.as_deref()),
        ]
    }
}
