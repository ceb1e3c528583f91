//! What the document says of one operation.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use protocol::ids::UserId;
use protocol::limits;
use protocol::problem::{Code, Problem};
use utoipa::openapi::path::{
    Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{AdditionalProperties, SchemaFormat, SchemaType};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    ArrayBuilder, ContentBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Required,
    ResponseBuilder, Schema, Type,
};
use utoipa::{PartialSchema, ToSchema};

use super::SCHEME;

/// A line of text: no control characters.
const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
/// The same, and not only spaces.
const NOT_BLANK: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

type Schemas = Vec<(String, RefOr<Schema>)>;

/// What the document says of one operation. Filled in beside its route.
#[derive(Default)]
pub struct Doc {
    summary: &'static str,
    tag: &'static str,
    anonymous: bool,
    parameters: Vec<Parameter>,
    body: Option<(RefOr<Schema>, serde_json::Value, bool)>,
    form: Option<RequestBody>,
    answers: Vec<(u16, &'static str, Option<RefOr<Schema>>)>,
    files: Vec<(u16, &'static str)>,
    problems: Vec<Code>,
    schemas: Schemas,
}

impl Doc {
    /// Begins with the sentence that lists show.
    #[must_use]
    pub fn new(tag: &'static str, summary: &'static str) -> Self {
        Self {
            summary,
            tag,
            ..Self::default()
        }
    }

    /// No access token is needed.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// An id in the path.
    #[must_use]
    pub fn path_id(self, name: &str, about: &str) -> Self {
        self.path::<UserId>(name, about)
    }

    /// Another parameter in the path.
    #[must_use]
    pub fn path<T: PartialSchema>(mut self, name: &str, about: &str) -> Self {
        self.parameters
            .push(parameter(name, about, ParameterIn::Path, T::schema()));
        self
    }

    /// One emoji in the path.
    #[must_use]
    pub fn path_emoji(mut self, name: &str, about: &str) -> Self {
        let emoji = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("emoji".to_owned())))
            .description(Some(
                "One emoji of Unicode's list (UTS #51), percent-encoded; with or without U+FE0F.",
            ))
            .examples([serde_json::json!("\u{1F44D}")]);
        self.parameters
            .push(parameter(name, about, ParameterIn::Path, emoji.into()));
        self
    }

    /// A query parameter that may be missing.
    #[must_use]
    pub fn query<T: PartialSchema>(mut self, name: &str, about: &str) -> Self {
        self.parameters
            .push(parameter(name, about, ParameterIn::Query, T::schema()));
        self
    }

    /// A query parameter of one line of text of a bounded length, in characters.
    #[must_use]
    pub fn query_line(self, name: &str, about: &str, chars: RangeInclusive<usize>) -> Self {
        let pattern = if *chars.start() == 0 { LINE } else { NOT_BLANK };
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(*chars.start()))
            .max_length(Some(*chars.end()))
            .pattern(Some(pattern));
        self.query_of(name, about, schema.into())
    }

    /// A query parameter of any text of a bounded length, in characters.
    #[must_use]
    pub fn query_text(self, name: &str, about: &str, most: usize) -> Self {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(most))
            .pattern(Some(r"^[^\u0000]*$"));
        self.query_of(name, about, schema.into())
    }

    /// A query parameter of ids, separated by commas.
    #[must_use]
    pub fn query_ids(self, name: &str, about: &str, most: usize) -> Self {
        const ID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!("^{ID}(,{ID}){{0,{}}}$", most - 1)));
        self.query_of(name, about, schema.into())
    }

    /// A query parameter that is a whole number from `least` on.
    #[must_use]
    pub fn query_from(self, name: &str, about: &str, least: i64) -> Self {
        let schema = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(least));
        self.query_of(name, about, schema.into())
    }

    fn query_of(mut self, name: &str, about: &str, schema: RefOr<Schema>) -> Self {
        self.parameters
            .push(parameter(name, about, ParameterIn::Query, schema));
        self
    }

    /// The last query parameter must be there.
    #[must_use]
    pub fn required(mut self) -> Self {
        if let Some(parameter) = self.parameters.last_mut() {
            parameter.required = Required::True;
        }
        self
    }

    /// `limit`.
    #[must_use]
    pub fn limited(self) -> Self {
        let limit = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(limits::PAGE_MAX))
            .default(Some(limits::PAGE_DEFAULT.into()));
        self.query_of("limit", "Entries of a page.", limit.into())
    }

    /// `limit` and `cursor`.
    #[must_use]
    pub fn paged(self) -> Self {
        self.limited()
            .query::<String>("cursor", "`next_cursor` of the previous page.")
    }

    /// A JSON body that must be there.
    #[must_use]
    pub fn body<T: ToSchema>(self, example: serde_json::Value) -> Self {
        self.with_body::<T>(example, true)
    }

    /// A JSON body that may be missing.
    #[must_use]
    pub fn optional_body<T: ToSchema>(self, example: serde_json::Value) -> Self {
        self.with_body::<T>(example, false)
    }

    fn with_body<T: ToSchema>(mut self, example: serde_json::Value, required: bool) -> Self {
        self.body = Some((self.reference::<T>(), example, required));
        self
    }

    /// A form with one file in it.
    #[must_use]
    pub fn form(mut self, field: &str, about: &str) -> Self {
        let form = ObjectBuilder::new()
            .property(field, binary(about))
            .required(field)
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        let content = ContentBuilder::new().schema(Some(form)).build();
        let body = RequestBodyBuilder::new()
            .content("multipart/form-data", content)
            .required(Some(Required::True));
        self.form = Some(body.build());
        self
    }

    /// Answers with a file.
    #[must_use]
    pub fn bytes(mut self, answers: &[(u16, &'static str)]) -> Self {
        self.files.extend_from_slice(answers);
        self
    }

    /// An answer with a body.
    #[must_use]
    pub fn answer<T: ToSchema>(mut self, status: u16, about: &'static str) -> Self {
        let schema = self.reference::<T>();
        self.answers.push((status, about, Some(schema)));
        self
    }

    /// An answer with a page of these.
    #[must_use]
    pub fn page<T: ToSchema>(mut self, status: u16, about: &'static str) -> Self {
        // A derived schema would have one name for the pages of all things.
        let name = format!("PageOf{}", T::name());
        let items = ArrayBuilder::new().items(self.reference::<T>());
        let next = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some(
                "Pass it as `cursor` to get the next page; null on the last one.",
            ));
        let page = ObjectBuilder::new()
            .property("items", items)
            .required("items")
            .property("next_cursor", next)
            .required("next_cursor");
        self.schemas.push((name.clone(), page.into()));
        let schema = Ref::from_schema_name(name).into();
        self.answers.push((status, about, Some(schema)));
        self
    }

    /// An answer without one.
    #[must_use]
    pub fn empty(mut self, status: u16, about: &'static str) -> Self {
        self.answers.push((status, about, None));
        self
    }

    /// Error answers of its own; those of every route are added.
    #[must_use]
    pub fn problems(mut self, codes: &[Code]) -> Self {
        self.problems.extend_from_slice(codes);
        self
    }

    fn reference<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.schemas);
        self.schemas.push((T::name().into_owned(), T::schema()));
        Ref::from_schema_name(T::name()).into()
    }

    /// The operation of this name, and the schemas that it refers to.
    pub(super) fn operation(self, id: &str) -> (Operation, Schemas) {
        let mut codes = self.problems;
        codes.extend([Code::RateLimited, Code::Unavailable, Code::Internal]);
        if !self.anonymous {
            codes.push(Code::Unauthenticated);
        }
        if self.body.is_some() || self.form.is_some() {
            codes.extend([
                Code::Malformed,
                Code::TooLarge,
                Code::UnsupportedMediaType,
                Code::Invalid,
            ]);
        }
        if !self.parameters.is_empty() {
            codes.push(Code::Malformed);
        }
        let mut operation = OperationBuilder::new()
            .operation_id(Some(id))
            .summary(Some(self.summary))
            .tag(self.tag)
            .parameters(Some(self.parameters));
        if let Some((schema, example, required)) = self.body {
            let content = ContentBuilder::new()
                .schema(Some(schema))
                .example(Some(example))
                .build();
            let required = if required {
                Required::True
            } else {
                Required::False
            };
            let body = RequestBodyBuilder::new()
                .content("application/json", content)
                .required(Some(required))
                .build();
            operation = operation.request_body(Some(body));
        }
        if let Some(form) = self.form {
            operation = operation.request_body(Some(form));
        }
        for (status, about) in self.files {
            let content = ContentBuilder::new().schema(Some(binary(about))).build();
            let response = ResponseBuilder::new()
                .description(about)
                .content("*/*", content);
            operation = operation.response(status.to_string(), response.build());
        }
        for (status, about, schema) in self.answers {
            let mut response = ResponseBuilder::new().description(about);
            if let Some(schema) = schema {
                response = response.content(
                    "application/json",
                    ContentBuilder::new().schema(Some(schema)).build(),
                );
            }
            operation = operation.response(status.to_string(), response.build());
        }
        for (status, codes) in by_status(codes) {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(Problem::name())))
                .build();
            let response = ResponseBuilder::new()
                .description(codes)
                .content("application/problem+json", content);
            operation = operation.response(status.to_string(), response.build());
        }
        if !self.anonymous {
            operation = operation.security(SecurityRequirement::new(SCHEME, Vec::<String>::new()));
        }
        (operation.build(), self.schemas)
    }
}

fn binary(about: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .description(Some(about))
}

fn by_status(mut codes: Vec<Code>) -> BTreeMap<u16, String> {
    codes.sort_by_key(|code| code.as_str());
    codes.dedup();
    let mut by_status: BTreeMap<u16, String> = BTreeMap::new();
    for code in codes {
        let text = by_status.entry(code.status()).or_default();
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&format!("`{code}`: {}", code.title()));
    }
    by_status
}

fn parameter(name: &str, about: &str, place: ParameterIn, schema: RefOr<Schema>) -> Parameter {
    let required = if place == ParameterIn::Path {
        Required::True
    } else {
        Required::False
    };
    ParameterBuilder::new()
        .name(name)
        .description(Some(about))
        .parameter_in(place)
        .required(required)
        .schema(Some(schema))
        .build()
}
