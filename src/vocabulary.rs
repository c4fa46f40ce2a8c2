//! Vocabularies: enumerations with the values as they stand in JSON and in the database.

/// Declares an enumeration of the API with the values as they stand in JSON.
macro_rules! vocabulary {
    ($(#[doc = $doc:literal])* $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name { $(#[serde(rename = $text)] #[doc = $text] $variant),* }

        impl $name {
            /// The values as they stand in JSON.
            #[allow(dead_code)]
            pub const VALUES: &'static [&'static str] = &[$($text),*];
        }

        // utoipa's derive does not see names that come from a macro.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some([$($doc.trim()),*].join(" ")))
                    .enum_values(Some($name::VALUES.to_vec()))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use vocabulary;
