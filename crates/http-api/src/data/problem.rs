//! Error bodies of the data API (data-api.md 2.5).

use crate::answer::{Answer, json, set};

/// The problems that occur.
#[derive(Clone, Copy)]
pub(super) enum Problem {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    InternalServerError,
    ServiceUnavailable,
}

impl Problem {
    fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Problem::BadRequest => (400, "BadRequest", "Bad Request"),
            Problem::Unauthorized => (401, "Unauthorized", "Unauthorized"),
            Problem::Forbidden => (403, "Forbidden", "Forbidden"),
            Problem::NotFound => (404, "NotFound", "Not Found"),
            Problem::MethodNotAllowed => (405, "MethodNotAllowed", "Method Not Allowed"),
            Problem::InternalServerError => (500, "InternalServerError", "Internal Server Error"),
            Problem::ServiceUnavailable => (503, "ServiceUnavailable", "Service Unavailable"),
        }
    }
}

/// A problem answer.
pub(super) fn answer(problem: Problem, message: &str) -> Answer {
    let (status, code, title) = problem.parts();
    let body = iot_api::data::Problem {
        code: code.to_owned(),
        title: title.to_owned(),
        message: message.to_owned(),
        kind: format!("tag:oracle.com,2020:error/{code}"),
        instance: format!("tag:oracle.com,2020:ecid/{}", oci_core::ocid::random_text(22)),
    };
    let mut answer = json(status, &body);
    set(&mut answer, "content-type", "application/problem+json");
    answer
}

/// 401; `invalid` when a token was given.
pub(super) fn unauthorized(invalid: bool) -> Answer {
    let message = if invalid {
        "the access token is not valid or has expired; ask for a new one"
    } else {
        "an access token is needed: Authorization: Bearer <token>"
    };
    let mut answer = answer(Problem::Unauthorized, message);
    let realm = "Bearer realm=\"Oracle REST Data Services\"";
    let error = if invalid { ", error=\"invalid_token\"" } else { "" };
    set(&mut answer, "www-authenticate", &format!("{realm}{error}"));
    answer
}
