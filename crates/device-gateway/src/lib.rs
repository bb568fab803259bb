//! device-gateway
