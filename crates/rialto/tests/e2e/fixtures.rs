//! The vendors' own payloads through the real webhook endpoint.
