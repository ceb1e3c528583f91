//! Contacts: what their owner calls them.

use protocol::limits;
use protocol::people::PutContactRequest;

use super::fields::Fields;
use super::text;
use crate::error::ApiError;

/// Checks a contact's alias; none means that they go by their own name.
///
/// # Errors
/// 422 with the fault.
pub fn alias(request: PutContactRequest) -> Result<Option<String>, ApiError> {
    let mut fields = Fields::default();
    let alias = fields.take_optional("alias", request.alias, |alias| {
        text::name(&alias, limits::NAME_CHARS)
    });
    fields.finish(Some(alias))
}
