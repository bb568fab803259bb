//! What the first start makes: a tenancy, a user with an API key, a group with a domain, an
//! application with a user of its own, a secret for devices (interface.md 2).

use std::thread;

use iot_api::domains::DataRetentionPeriodsInDays;
use oci_core::key::PrivateKey;
use oci_core::ocid::{Ocid, random_text};

use crate::models::new_etag;
use crate::store::{
    ApiKey, Common, Domain, DomainGroup, IdentityApp, Lifecycle, Secret, Setup, TokenIssuer,
};

/// Region key of every OCID this platform makes (interface.md 2).
pub const REGION_KEY: &str = "LOC";

/// Name of the first start's user, who may do everything.
pub const ADMINISTRATOR: &str = "admin";
/// What it may do.
pub const ADMINISTRATOR_STATEMENT: &str = "allow user admin to manage all-resources in tenancy";
/// Name of the first start's compartment.
pub const COMPARTMENT_NAME: &str = "local";

/// Days each kind of data is kept until somebody raises them (control-plane.md 5.3).
pub(crate) const RETENTION: DataRetentionPeriodsInDays = DataRetentionPeriodsInDays {
    raw_data: 16,
    rejected_data: 16,
    historized_data: 30,
    raw_command_data: 16,
};

/// Characters of a short id, as in the cloud (data-api.md 1.1).
const SHORT_ID_CHARS: usize = 13;
/// Characters of generated passwords and client secrets: more than 200 bits.
const PASSWORD_CHARS: usize = 40;

/// Makes everything anew; the second value is the API user's private key, which is kept nowhere
/// but in the user's own file.
pub fn new_setup(now_us: i64) -> (Setup, PrivateKey) {
    // The two keys are most of the first start's time.
    let second = thread::spawn(PrivateKey::generate);
    let user_key = PrivateKey::generate();
    let signing_key = second.join().unwrap_or_else(|_| PrivateKey::generate());
    let id = |word: &str| Ocid::generate(word, REGION_KEY).to_string();
    let global = |word: &str| Ocid::generate(word, "").to_string();
    let (tenancy_id, user_id) = (global("tenancy"), global("user"));
    let compartment_id = global("compartment");
    let group = DomainGroup {
        common: common(id("iotdomaingroup"), &compartment_id, "local-group", now_us),
        short_id: short_id(),
        group_type: "DEVELOPMENT".to_owned(),
        vcn_ids: None,
    };
    let domain = Domain {
        common: common(id("iotdomain"), &compartment_id, "local-domain", now_us),
        group_id: group.common.id.clone(),
        short_id: short_id(),
        retention: RETENTION,
        token_issuer: Some(TokenIssuer::Own),
        identity_groups: None,
    };
    let setup = Setup {
        api_key: api_key(&tenancy_id, &user_id, &user_key),
        tenancy_id,
        compartment_id,
        user_id,
        group,
        domain,
        app: IdentityApp {
            identity_id: format!("idcs-{}", oci_core::ocid::random_hex(32).to_ascii_lowercase()),
            client_id: random_text(32),
            client_secret: random_text(PASSWORD_CHARS),
            user: "iot-user".to_owned(),
            password: random_text(PASSWORD_CHARS),
            signing_key_pem: signing_key.to_pkcs8_pem(),
        },
        secret: Secret {
            id: id("vaultsecret"),
            name: "device-password".to_owned(),
            content: random_text(PASSWORD_CHARS).into_bytes(),
        },
    };
    (setup, user_key)
}

/// The record of a user's API key.
pub fn api_key(tenancy_id: &str, user_id: &str, key: &PrivateKey) -> ApiKey {
    let public = key.public();
    ApiKey {
        key_id: format!("{tenancy_id}/{user_id}/{}", public.fingerprint()),
        user_id: user_id.to_owned(),
        public_key_pem: public.to_spki_pem(),
    }
}

/// A host label: begins with a letter, as schema names are made of it too.
pub(crate) fn short_id() -> String {
    format!("d{}", random_text(SHORT_ID_CHARS - 1))
}

fn common(id: String, parent_id: &str, display_name: &str, now_us: i64) -> Common {
    Common {
        id,
        parent_id: parent_id.to_owned(),
        display_name: display_name.to_owned(),
        description: Some("Made at the first start".to_owned()),
        lifecycle: Lifecycle::Active,
        tags: iot_api::Tags::default(),
        time_created_us: now_us,
        time_updated_us: now_us,
        etag: new_etag(),
    }
}
