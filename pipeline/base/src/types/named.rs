/// An enum whose values have names, in files and on the command line; see [`named_enum!`](crate::named_enum).
pub trait Named: Copy + Eq + Send + Sync + 'static {
    /// All values, in the order to show them.
    const ALL: &'static [Self];

    /// The value's name.
    fn name(self) -> &'static str;

    /// What the value means, for who has to choose one.
    fn meaning(self) -> &'static str;
}

/// Declares an enum with the name and the meaning of each value: `Value = ("name", "meaning")`.
///
/// It gets a function `name` and is [`Named`](crate::types::Named). So a new value is added in one place, and the
/// command line offers it.
#[macro_export]
macro_rules! named_enum {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $Enum:ident {
            $($(#[$of_value:meta])* $Value:ident = ($name:literal, $meaning:literal),)+
        }
    ) => {
        $(#[$attribute])*
        $visibility enum $Enum {
            $($(#[$of_value])* $Value,)+
        }

        impl $Enum {
            /// The name in files and on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Value => $name,)+
                }
            }
        }

        impl $crate::types::Named for $Enum {
            const ALL: &'static [Self] = &[$(Self::$Value),+];

            fn name(self) -> &'static str {
                self.name()
            }

            fn meaning(self) -> &'static str {
                match self {
                    $(Self::$Value => $meaning,)+
                }
            }
        }
    };
}
