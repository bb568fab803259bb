//! Relationships: create, read, list, update, delete (control-plane.md 5.6).

use std::collections::HashSet;

use dtdl::{Dtmi, Interface};
use iot_api::ErrorCode;
use iot_api::relationships::{
    CreateDigitalTwinRelationshipDetails, UpdateDigitalTwinRelationshipDetails,
};
use serde_json::{Map, Value};

use crate::changes::common_change;
use crate::error::Refusal;
use crate::limits::{INTERFACES_MAX, LIST_ITEMS_MAX, REFERRING_NAMED_MAX};
use crate::list::{Field, ListQuery};
use crate::platform::Platform;
use crate::store::{Ceiling, Creation, Instance, Kind, Relationship, StoreError};
use crate::validate::{Asked, Findings};

impl Platform {
    /// A new relationship, checked against the models of its ends, to be kept by
    /// [`Platform::resource_create`].
    ///
    /// # Errors
    /// `InvalidParameter` with every finding; `RelatedResourceNotAuthorizedOrNotFound`.
    pub async fn relationship_new(
        &self,
        asked: Asked<CreateDigitalTwinRelationshipDetails>,
    ) -> Result<Creation, Refusal> {
        let Asked { details, mut findings } = asked;
        let domain_id = details.iot_domain_id;
        let domain = findings.settle(self.domain_of_body(&domain_id).await)?;
        let mut common = self.new_common(
            Kind::Relationship.type_word(),
            domain_id.clone(),
            details.display_name,
        );
        common.description = details.description;
        common.tags = findings.new_tags(details.freeform_tags, details.defined_tags);
        findings.common(&common);
        if domain.is_none() {
            return Err(findings.into_refusal());
        }
        let (source_id, target_id) =
            (details.source_digital_twin_instance_id, details.target_digital_twin_instance_id);
        let member = "sourceDigitalTwinInstanceId";
        let source = self.named::<Instance>(&domain_id, member, &source_id).await;
        let source = findings.settle(source)?;
        let member = "targetDigitalTwinInstanceId";
        let target = self.named::<Instance>(&domain_id, member, &target_id).await;
        let target = findings.settle(target)?;
        let relationship = Relationship {
            common,
            content_path: details.content_path,
            source_id,
            target_id,
            content: details.content.map(|content| content.get().to_owned()),
        };
        let mut ceilings = Vec::new();
        if let Some(source) = &source {
            let rule = self.rule(source, &relationship, &mut findings).await?;
            if let Some((rules, target_uri)) = rule {
                if let (Some(wanted), Some(target)) = (target_uri, &target) {
                    self.target_check(target, &wanted, &mut findings).await?;
                }
                ceilings.extend(rules.links_max.map(|most| ceiling(&relationship, most)));
            }
        }
        findings.check()?;
        Ok(Creation { ceilings, ..Creation::of(relationship) })
    }

    /// A relationship.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn relationship_get(&self, id: &str) -> Result<Relationship, Refusal> {
        self.known(id).await
    }

    /// Changes name, description, tags and content.
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `NoEtagMatch`, `NotAuthorizedOrNotFound`.
    pub async fn relationship_update(
        &self,
        id: &str,
        if_match: Option<&str>,
        asked: &Asked<UpdateDigitalTwinRelationshipDetails>,
    ) -> Result<Relationship, Refusal> {
        loop {
            let mut relationship: Relationship = self.live(id, if_match).await?;
            let Asked { details, findings } = asked;
            let mut findings = findings.clone();
            common_change!(details).apply(&mut relationship.common, &mut findings);
            if let Some(content) = &details.content {
                relationship.content = content.as_ref().map(|content| content.get().to_owned());
                let source: Instance = self.known(&relationship.source_id).await?;
                self.rule(&source, &relationship, &mut findings).await?;
            }
            findings.check()?;
            if let Some(relationship) = self.replace(relationship, |_| {}).await? {
                return Ok(relationship);
            }
        }
    }

    /// Deletes a relationship.
    ///
    /// # Errors
    /// `NoEtagMatch`, `NotAuthorizedOrNotFound`.
    pub async fn relationship_delete(&self, id: &str, etag: Option<String>) -> Result<(), Refusal> {
        Ok(self.store().resource_delete(Kind::Relationship, &self.deletion(id, etag)).await?)
    }

    /// Whether the links that an instance has are links of its new model too.
    ///
    /// # Errors
    /// `Conflict` with every link that is not.
    pub(crate) async fn links_check(&self, instance: &Instance) -> Result<(), Refusal> {
        let id = &instance.common.id;
        let mut lost = Vec::new();
        if let Some(model_id) = &instance.model_id {
            let model = self.model_resolved(&self.model_get(model_id).await?).await?;
            for link in self.links(instance, Field::SourceId).await? {
                let mut findings = Findings::default();
                let rule = element(&model, &link, &mut findings);
                if let Some((_, Some(wanted))) = rule {
                    let target: Instance = self.known(&link.target_id).await?;
                    self.target_check(&target, &wanted, &mut findings).await?;
                }
                lost.extend(lost_link(&link, findings));
            }
        }
        for link in self.links(instance, Field::TargetId).await? {
            if link.source_id == *id {
                continue;
            }
            let mut findings = Findings::default();
            let source: Instance = self.known(&link.source_id).await?;
            if let Some((_, Some(wanted))) = self.rule(&source, &link, &mut findings).await? {
                self.target_check(instance, &wanted, &mut findings).await?;
            }
            lost.extend(lost_link(&link, findings));
        }
        if lost.is_empty() {
            return Ok(());
        }
        lost.truncate(REFERRING_NAMED_MAX);
        let message = format!("digitalTwinModelSpecUri: {}", lost.join("\n"));
        Err(Refusal::new(ErrorCode::Conflict, message))
    }

    /// The links that have an instance at this end.
    async fn links(&self, instance: &Instance, end: Field) -> Result<Vec<Relationship>, Refusal> {
        let filters = [(end, instance.common.id.as_str()), (Field::LifecycleState, "ACTIVE")];
        let mut query = ListQuery::matching(&instance.common.parent_id, &filters, LIST_ITEMS_MAX);
        let mut links = Vec::new();
        loop {
            let page = self.store().list(&query).await?;
            links.extend(page.items);
            query.after = page.next;
            if query.after.is_none() {
                return Ok(links);
            }
        }
    }

    /// The element of the source's model, against which the content is checked, and its target.
    async fn rule(
        &self,
        source: &Instance,
        relationship: &Relationship,
        findings: &mut Findings,
    ) -> Result<Option<(dtdl::RelationshipRules, Option<String>)>, Refusal> {
        let Some(model_id) = &source.model_id else {
            findings.add("sourceDigitalTwinInstanceId: the instance has no model, hence no links");
            return Ok(None);
        };
        let model = self.model_resolved(&self.model_get(model_id).await?).await?;
        Ok(element(&model, relationship, findings))
    }

    /// The target's model must be the wanted interface or extend it.
    async fn target_check(
        &self,
        target: &Instance,
        wanted: &str,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let domain_id = &target.common.parent_id;
        let mut waiting: Vec<String> = target.spec_uri.iter().cloned().collect();
        let mut seen = HashSet::new();
        while let Some(uri) = waiting.pop() {
            if uri == wanted {
                return Ok(());
            }
            if seen.len() >= INTERFACES_MAX || !seen.insert(uri.clone()) {
                continue;
            }
            let Some(model) = self.store().model_by_uri(domain_id, &uri).await? else { continue };
            let (_, spec) = self.model_spec(&model.common.id).await?;
            let Ok(interface) = Interface::parse(&spec) else { continue };
            waiting.extend(interface.extends.iter().map(|dtmi: &Dtmi| dtmi.as_str().to_owned()));
        }
        findings.add(format!(
            "targetDigitalTwinInstanceId: its model must be {wanted} or extend it, and is {}",
            target.spec_uri.as_deref().unwrap_or("none")
        ));
        Ok(())
    }
}

/// The element of a model that a link belongs to, against which its content is checked, and the
/// element's target.
fn element(
    model: &dtdl::Model,
    link: &Relationship,
    findings: &mut Findings,
) -> Option<(dtdl::RelationshipRules, Option<String>)> {
    let path = &link.content_path;
    let Some(at) = model.relationships.iter().position(|name| **name == **path) else {
        let uri = model.id.as_str();
        findings.add(format!("contentPath: the model {uri} has no relationship '{path}'"));
        return None;
    };
    let rules = model.relationship_rules[at].clone();
    if let Some(content) = &link.content {
        content_check(content, &rules, findings);
    }
    Some((rules, model.relationship_targets[at].clone()))
}

/// Why a link could not stay.
fn lost_link(link: &Relationship, findings: Findings) -> Option<String> {
    let why = findings.check().err()?.message.replace('\n', "; ");
    Some(format!("the relationship {} would break a rule of the model ({why})", link.common.id))
}

/// Members must be properties of the element, with values of their schemas.
fn content_check(text: &str, rules: &dtdl::RelationshipRules, findings: &mut Findings) {
    let Ok(content) = serde_json::from_str::<Map<String, Value>>(text) else {
        return findings.add("content: must be a JSON object");
    };
    for (name, value) in &content {
        let Some((_, spec)) = rules.properties.iter().find(|(known, _)| **known == **name) else {
            findings.add(format!("content.{name}: the relationship has no such property"));
            continue;
        };
        if let Err(why) = adapter::check_value(&spec.schema, &spec.constraints, value) {
            findings.add(format!("content.{name}: {why}"));
        }
    }
}

/// As many links of this element as the source may have.
fn ceiling(relationship: &Relationship, most: u64) -> Ceiling {
    let path = &relationship.content_path;
    Ceiling {
        kind: Kind::Relationship,
        filters: vec![
            (Field::SourceId, relationship.source_id.clone()),
            (Field::ContentPath, path.clone()),
        ],
        most,
        refusal: StoreError::InUse(format!(
            "contentPath: the source has {most} links '{path}' already, which is maxMultiplicity"
        )),
    }
}
