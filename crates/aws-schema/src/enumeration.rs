//! Enumerations as text newtypes: known values are constants, unknown ones survive.

/// Defines an enumeration shape: `string_enum!(State { PENDING = "pending", … });`.
#[macro_export]
macro_rules! string_enum {
    ($name:ident { $($constant:ident = $value:literal,)* }) => {
        #[doc = concat!("Enumeration `", stringify!($name), "` of the model.")]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $crate::generated::Cow<'static, str>);
        #[allow(missing_docs)]
        impl $name {
            $(pub const $constant: $name = $name($crate::generated::Cow::Borrowed($value));)*
            /// The text on the wire.
            #[inline]
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self { $name(text.into()) }
        }
        impl From<&'static str> for $name {
            fn from(text: &'static str) -> Self { $name($crate::generated::Cow::Borrowed(text)) }
        }
        impl $crate::WriteValue for $name {
            fn write(&self, member: &'static $crate::Member, writer: &mut dyn $crate::Writer) {
                writer.string(member, &self.0);
            }
        }
        impl $crate::ReadValue for $name {
            fn read(member: &'static $crate::Member, reader: &mut dyn $crate::Reader) -> Result<Self, $crate::ReadError> {
                reader.string(member).map(Self::from)
            }
        }
        impl $crate::Element for $name {}
    };
}
