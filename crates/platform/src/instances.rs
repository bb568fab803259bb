//! Instances: create, read, list, update, delete (control-plane.md 5.5).

use iot_api::instances::{CreateDigitalTwinInstanceDetails, UpdateDigitalTwinInstanceDetails};

use crate::changes::common_change;
use crate::error::Refusal;
use crate::identity::Caller;
use crate::limits::GATEWAYS_MAX;
use crate::list::Field;
use crate::platform::Platform;
use crate::store::{Adapter, Creation, Instance, Kind, TwinNo};
use crate::validate::{Asked, Findings};

/// What decides whether a twin's set-up is valid, besides the instance itself.
struct Parts {
    adapter: Option<Adapter>,
    /// Whether the adapter maps a target, as gateways need and others must not.
    has_target: bool,
}

impl Platform {
    /// A new instance, checked, to be kept by [`Platform::resource_create`].
    ///
    /// # Errors
    /// `InvalidParameter` with every finding; `RelatedResourceNotAuthorizedOrNotFound`.
    pub async fn instance_new(
        &self,
        asked: Asked<CreateDigitalTwinInstanceDetails>,
        caller: &Caller,
    ) -> Result<Creation, Refusal> {
        let Asked { details, mut findings } = asked;
        let domain_id = details.iot_domain_id;
        let domain = findings.settle(self.domain_of_body(&domain_id).await)?;
        let mut common =
            self.new_common("iotdigitaltwininstance", domain_id.clone(), details.display_name);
        common.description = details.description;
        common.tags = findings.new_tags(details.freeform_tags, details.defined_tags);
        findings.common(&common);
        let gateways = details.gateways.unwrap_or_default();
        if details.connectivity_type.is_none() && details.auth_id.is_some() && !gateways.is_empty()
        {
            findings.unreadable(
                "connectivityType",
                "is missing, and authId stands for DIRECT where gateways stand for INDIRECT; take \
                 one of them out",
            );
        }
        let derived = match (&details.auth_id, gateways.as_slice()) {
            (Some(_), _) => "DIRECT",
            (None, [_, ..]) => "INDIRECT",
            (None, []) => "NONE",
        };
        let mut instance = Instance {
            common,
            no: TwinNo(0),
            connectivity_type: details.connectivity_type.unwrap_or_else(|| derived.to_owned()),
            auth_id: details.auth_id,
            external_key: details.external_key.unwrap_or_else(|| oci_core::ocid::random_text(32)),
            model_id: details.digital_twin_model_id,
            spec_uri: details.digital_twin_model_spec_uri,
            adapter_id: details.digital_twin_adapter_id,
            gateways,
        };
        if domain.is_none() {
            // What it refers to would have to be in that domain.
            own_rules(&instance, None, &mut findings);
            return Err(findings.into_refusal());
        }
        let domain_id = &instance.common.parent_id;
        self.auth_check(caller, domain_id, instance.auth_id.as_deref(), &mut findings).await?;
        self.instance_check(&mut instance, findings).await?;
        let ceilings = self.gateway_ceilings(&instance);
        Ok(Creation { ceilings, ..Creation::of(instance) })
    }

    /// An instance.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn instance_get(&self, id: &str) -> Result<Instance, Refusal> {
        self.known(id).await
    }

    /// Changes an instance; what it leads to is checked as a whole (devices.md 6). Its live
    /// sessions take the change up with their next message.
    ///
    /// # Errors
    /// Those of a create; `NoEtagMatch`; `NotAuthorizedOrNotFound`; `Conflict` when a gateway in
    /// use would not be one any more.
    pub async fn instance_update(
        &self,
        id: &str,
        if_match: Option<&str>,
        asked: &Asked<UpdateDigitalTwinInstanceDetails>,
        caller: &Caller,
    ) -> Result<Instance, Refusal> {
        loop {
            let old: Instance = self.live(id, if_match).await?;
            let mut findings = asked.findings.clone();
            let mut new = changed(&old, &asked.details, &mut findings);
            if old.model_id.is_some() && clears_model(&asked.details) {
                findings.add(
                    "digitalTwinModelId, digitalTwinModelSpecUri: the model of an instance cannot \
                     be cleared, only exchanged for a compatible version",
                );
            }
            if new.connectivity_type == "NONE" && old.connectivity_type != "NONE" {
                findings.add("connectivityType: an instance can be NONE from its creation only");
            }
            // Whoever leaves the authId as it is need not be able to use what it names.
            let auth_id = asked.details.auth_id.as_ref().and_then(Option::as_deref);
            self.auth_check(caller, &old.common.parent_id, auth_id, &mut findings).await?;
            self.instance_check(&mut new, findings).await?;
            model_change_check(&old, &new)?;
            if old.model_id != new.model_id {
                self.links_check(&new).await?;
            }
            if old.connectivity_type == "GATEWAY" && new.connectivity_type != "GATEWAY" {
                let what = "connectivityType: the gateway is named by ACTIVE indirect twins";
                let children = [(Field::GatewayId, id), (Field::LifecycleState, "ACTIVE")];
                self.refuse_while::<Instance>(&old.common.parent_id, &children, what).await?;
            }
            let ceilings = self.gateway_ceilings(&new);
            let replaced = self.replace(new, |update| update.ceilings = ceilings).await?;
            if let Some(new) = replaced {
                self.twins.forget(&old.common.parent_id, &old.external_key);
                self.twins.forget(&new.common.parent_id, &new.external_key);
                // Who logged in with what holds no longer is cut off.
                let log_in = |one: &Instance| {
                    let kind = one.connectivity_type.clone();
                    (kind, one.external_key.clone(), one.auth_id.clone())
                };
                if log_in(&old) != log_in(&new) {
                    self.sessions_end(new.no).await;
                }
                return Ok(new);
            }
        }
    }

    /// Deletes an instance; its live sessions end with their next message.
    ///
    /// # Errors
    /// `Conflict` while a relationship or an indirect twin names it, `NoEtagMatch`,
    /// `NotAuthorizedOrNotFound`.
    pub async fn instance_delete(&self, id: &str, etag: Option<String>) -> Result<(), Refusal> {
        let instance = self.instance_get(id).await?;
        self.store().resource_delete(Kind::Instance, &self.deletion(id, etag)).await?;
        self.twins.forget(&instance.common.parent_id, &instance.external_key);
        self.sessions_end(instance.no).await;
        self.commands.twin_gone(instance.no).await;
        Ok(())
    }

    /// Fills in what follows from the adapter and the model, and checks the whole.
    async fn instance_check(
        &self,
        instance: &mut Instance,
        mut findings: Findings,
    ) -> Result<(), Refusal> {
        let parts = self.instance_parts(instance, &mut findings).await?;
        if let Some(parts) = &parts {
            adapter_and_model(instance, parts.adapter.as_ref(), &mut findings);
        }
        own_rules(instance, parts.as_ref(), &mut findings);
        self.gateways_check(instance, &mut findings).await?;
        findings.check()
    }

    /// What `authId` names must be there, and be the domain's or the caller's to read
    /// (control-plane.md 5.5).
    async fn auth_check(
        &self,
        caller: &Caller,
        domain_id: &str,
        auth_id: Option<&str>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let Some(auth_id) = auth_id else { return Ok(()) };
        let exists = self.auth_exists(auth_id).await?;
        if !exists || !self.secret_is_usable(caller, domain_id, auth_id).await? {
            findings.related(Refusal::related("authId", auth_id));
        }
        Ok(())
    }

    /// The adapter, and the model that the members name: `spec_uri` and `model_id` agree then.
    /// `None` when one of them is not there, which is a finding.
    async fn instance_parts(
        &self,
        instance: &mut Instance,
        findings: &mut Findings,
    ) -> Result<Option<Parts>, Refusal> {
        let domain_id = instance.common.parent_id.clone();
        let (id, uri) = (instance.model_id.as_deref(), instance.spec_uri.as_deref());
        let model = findings.settle(self.model_of_body(&domain_id, id, uri).await)?;
        let mut parts = Parts { adapter: None, has_target: false };
        if let Some(id) = &instance.adapter_id {
            let adapter = self.named(&domain_id, "digitalTwinAdapterId", id).await;
            parts.adapter = findings.settle(adapter)?;
            if parts.adapter.is_none() {
                return Ok(None);
            }
            parts.has_target = self.adapter_compiled(id).await?.has_target_mapping();
        }
        let Some(model) = model else { return Ok(None) };
        instance.model_id = model.as_ref().map(|model| model.common.id.clone());
        instance.spec_uri = model.map(|model| model.spec_uri);
        Ok(Some(parts))
    }

    /// Every gateway must be an ACTIVE instance of type GATEWAY of the same domain.
    async fn gateways_check(
        &self,
        instance: &Instance,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let (domain_id, gateways) = (&instance.common.parent_id, &instance.gateways);
        if gateways.len() > GATEWAYS_MAX {
            findings.add(format!("gateways: at most {GATEWAYS_MAX}"));
            return Ok(());
        }
        findings.no_duplicates("gateways", gateways);
        for id in gateways {
            let found = self.named::<Instance>(domain_id, "gateways", id).await;
            if let Some(gateway) = findings.settle(found)?
                && gateway.connectivity_type != "GATEWAY"
            {
                let is = &gateway.connectivity_type;
                findings.add(format!("gateways: {id} is {is}; it must be of type GATEWAY"));
            }
        }
        Ok(())
    }
}

/// A model is exchanged only for one of a compatible DTMI (control-plane.md 5.4, 5.5).
fn model_change_check(old: &Instance, new: &Instance) -> Result<(), Refusal> {
    let (Some(from), Some(to)) = (&old.spec_uri, &new.spec_uri) else { return Ok(()) };
    let parse = |uri: &str| dtdl::Dtmi::parse(uri).ok();
    let compatible = match (parse(from), parse(to)) {
        (Some(from), Some(to)) => {
            let (from_version, to_version) = (from.version(), to.version());
            from.path() == to.path()
                && from_version.0 == to_version.0
                && from_version.1 <= to_version.1
        }
        _ => from == to,
    };
    if compatible {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "digitalTwinModelSpecUri: {from} can be exchanged only for the same path and major \
         version with the same or a higher minor version, which {to} is not"
    )))
}

/// Whether an update takes the model away and names no other one.
fn clears_model(details: &UpdateDigitalTwinInstanceDetails) -> bool {
    let (id, uri) = (&details.digital_twin_model_id, &details.digital_twin_model_spec_uri);
    let names_one = id.iter().chain(uri).any(Option::is_some)
        || details.digital_twin_adapter_id.iter().any(Option::is_some);
    (id.is_some() || uri.is_some()) && !names_one
}

/// The state that an update leads to, before it is checked.
fn changed(
    old: &Instance,
    details: &UpdateDigitalTwinInstanceDetails,
    findings: &mut Findings,
) -> Instance {
    let mut new = old.clone();
    common_change!(details).apply(&mut new.common, findings);
    if let Some(kind) = &details.connectivity_type {
        new.connectivity_type.clone_from(kind);
    }
    if let Some(auth_id) = &details.auth_id {
        new.auth_id.clone_from(auth_id);
    }
    if let Some(key) = &details.external_key {
        new.external_key.clone_from(key);
    }
    if let Some(gateways) = &details.gateways {
        new.gateways = gateways.clone().unwrap_or_default();
    }
    let (id, uri) = (&details.digital_twin_model_id, &details.digital_twin_model_spec_uri);
    if id.is_some() || uri.is_some() {
        // One of the two names the model; the other follows it unless it is named as well.
        new.model_id = id.clone().flatten();
        new.spec_uri = uri.clone().flatten();
    }
    if let Some(adapter_id) = &details.digital_twin_adapter_id {
        new.adapter_id.clone_from(adapter_id);
        if adapter_id.is_some() && id.is_none() && uri.is_none() {
            // The new adapter brings its model.
            (new.model_id, new.spec_uri) = (None, None);
        }
    }
    new
}

/// An adapter brings its model along; one that is named beside it must be the same.
fn adapter_and_model(instance: &mut Instance, adapter: Option<&Adapter>, findings: &mut Findings) {
    let Some(adapter) = adapter else { return };
    match &instance.model_id {
        Some(id) if *id != adapter.model_id => findings.add(format!(
            "digitalTwinAdapterId: the adapter is for the model {}, not for {}",
            adapter.spec_uri,
            instance.spec_uri.as_deref().unwrap_or(id)
        )),
        _ => {
            instance.model_id = Some(adapter.model_id.clone());
            instance.spec_uri = Some(adapter.spec_uri.clone());
        }
    }
}

/// Rules that need nothing but the instance, and the parts that were found.
fn own_rules(instance: &Instance, parts: Option<&Parts>, findings: &mut Findings) {
    findings.external_key(&instance.external_key);
    if !findings.is_unread("connectivityType") {
        connectivity(instance, parts, findings);
    }
}

/// What each connectivity type must and must not have (devices.md 6).
fn connectivity(instance: &Instance, parts: Option<&Parts>, findings: &mut Findings) {
    let kind = instance.connectivity_type.as_str();
    let (needs_auth, needs_gateways, may_connect) = match kind {
        "DIRECT" | "GATEWAY" => (true, false, true),
        "INDIRECT" => (false, true, true),
        "NONE" => (false, false, false),
        other => {
            return findings.add(format!(
                "connectivityType: '{other}' is none of DIRECT, INDIRECT, GATEWAY, NONE"
            ));
        }
    };
    if needs_auth && instance.auth_id.is_none() {
        findings.add(format!("authId: connectivityType {kind} needs it"));
    }
    if kind == "INDIRECT" && instance.auth_id.is_some() {
        findings.add("authId: connectivityType INDIRECT must not have it; set it to null");
    }
    if needs_gateways && instance.gateways.is_empty() {
        findings.add("gateways: connectivityType INDIRECT needs at least one");
    }
    if !needs_gateways && !instance.gateways.is_empty() {
        findings.add(format!("gateways: connectivityType {kind} must not have them"));
    }
    let Some(parts) = parts else { return };
    if kind == "GATEWAY" && !parts.has_target {
        findings.add(
            "digitalTwinAdapterId: connectivityType GATEWAY needs an adapter that maps a target \
             (inboundEnvelope.envelopeMapping.target or inboundRoutes[].target)",
        );
    }
    if may_connect && kind != "GATEWAY" && parts.has_target {
        findings.add(format!(
            "digitalTwinAdapterId: the adapter maps a target, which connectivityType {kind} must \
             not have; only GATEWAY may"
        ));
    }
}

impl Platform {
    /// How many indirect twins a gateway may have, where that is limited.
    fn gateway_ceilings(&self, instance: &Instance) -> Vec<crate::store::Ceiling> {
        let Some(most) = self.limits().devices_per_gateway else { return Vec::new() };
        let ceiling = |id: &String| crate::store::Ceiling {
            kind: Kind::Instance,
            filters: vec![(Field::GatewayId, id.clone())],
            most,
            refusal: crate::store::StoreError::LimitExceeded(format!(
                "gateways: {id} has {most} indirect twins already, which is its capacity"
            )),
        };
        instance.gateways.iter().map(ceiling).collect()
    }
}
