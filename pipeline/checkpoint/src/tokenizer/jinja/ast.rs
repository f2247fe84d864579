//! What a template is made of.

use std::sync::Arc;

/// A statement and the line where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) statement: Statement,
}

#[derive(Debug)]
pub(super) enum Statement {
    Text(String),
    Output(Vec<Expr>),
    If {
        /// Conditions with what they guard, in their order.
        branches: Vec<(Expr, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    For(Arc<For>),
    Set(Target, Expr),
    /// `{% set name | filters %}text{% endset %}`
    SetBlock(Target, Expr, Vec<Node>),
    With(Vec<(Target, Expr)>, Vec<Node>),
    Macro(Arc<Macro>),
    /// `{% call(arguments) name() %}text{% endcall %}`
    CallBlock(Expr, Arc<Macro>),
    /// `{% filter name %}text{% endfilter %}`
    FilterBlock(Expr, Vec<Node>),
    /// transformers' mark around what an assistant says; it changes no text.
    Generation(Vec<Node>),
    Break,
    Continue,
}

#[derive(Debug)]
pub(super) struct For {
    pub(super) line: usize,
    pub(super) target: Target,
    pub(super) over: Expr,
    pub(super) condition: Option<Expr>,
    pub(super) recursive: bool,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Macro {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    /// Those of the last arguments.
    pub(super) defaults: Vec<Expr>,
    pub(super) body: Vec<Node>,
    /// Whether the body asks for further arguments.
    pub(super) reads_varargs: bool,
    pub(super) reads_kwargs: bool,
    pub(super) reads_caller: bool,
}

/// What a value is assigned to.
#[derive(Debug)]
pub(super) enum Target {
    Name(String),
    Tuple(Vec<Target>),
    /// An attribute of a namespace.
    Attribute(String, String),
}

#[derive(Clone, Debug)]
pub(super) enum Constant {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Arc<str>),
}

#[derive(Debug)]
pub(super) enum Expr {
    Constant(Constant),
    Name(String),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Conditional {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Compare(Box<Expr>, Vec<(CompareOperator, Expr)>),
    Concat(Vec<Expr>),
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
    Negative(Box<Expr>),
    Positive(Box<Expr>),
    Attribute(Box<Expr>, String),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, [Option<Box<Expr>>; 3]),
    Call(Box<Expr>, Arguments),
    Filter(Box<Expr>, String, Arguments),
    Test(Box<Expr>, String, Arguments),
    /// The text of the block that a filter stands at.
    BlockText,
}

#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Expr>,
    pub(super) keyword: Vec<(String, Expr)>,
    /// `*expression`
    pub(super) spread: Option<Box<Expr>>,
    /// `**expression`
    pub(super) spread_keywords: Option<Box<Expr>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CompareOperator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
}
