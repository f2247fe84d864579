//! Statements to text.

use super::{
    Clock,
    ast::{For, Node, Statement, Target},
    error::JinjaError,
    value::{Callable, Loop, Result, Value},
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

/// How deep values, statements and macros may nest.
const DEPTH: usize = 300;

/// The most characters that a template may write.
const MOST: usize = 50_000_000;

/// Names and their values, inside those of the surroundings.
#[derive(Clone)]
pub(super) struct Scope(Rc<ScopeValues>);

struct ScopeValues {
    values: RefCell<HashMap<String, Value>>,
    around: Option<Scope>,
}

/// A template that is being rendered.
pub(super) struct Renderer<'a> {
    globals: &'a HashMap<String, Value>,
    depth: usize,
    pub(super) block_text: Value,
    pub(super) clock: Clock<'a>,
    /// Scopes that hold a macro, which holds them: they are emptied in the end.
    with_macros: Vec<Scope>,
}

/// How statements ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ControlFlow {
    Next,
    Break,
    Continue,
}

impl Scope {
    pub(super) fn new(around: Option<&Self>) -> Self {
        Self(Rc::new(ScopeValues {
            values: RefCell::new(HashMap::new()),
            around: around.cloned(),
        }))
    }

    pub(super) fn set(&self, name: &str, value: Value) {
        self.0.values.borrow_mut().insert(name.to_owned(), value);
    }

    fn get(&self, name: &str) -> Option<Value> {
        let mut scope = self;
        loop {
            if let Some(value) = scope.0.values.borrow().get(name) {
                return Some(value.clone());
            }
            scope = scope.0.around.as_ref()?;
        }
    }
}

/// Renders a template's statements.
pub(super) fn render(
    nodes: &[Node],
    globals: &HashMap<String, Value>,
    clock: Clock<'_>,
) -> Result<String> {
    let mut run = Renderer {
        globals,
        depth: 0,
        block_text: Value::None,
        clock,
        with_macros: Vec::new(),
    };
    let mut text = String::new();
    let scope = Scope::new(None);
    let done = run.statements(nodes, &scope, &mut text);
    for scope in run.with_macros {
        scope.0.values.borrow_mut().clear();
    }
    done.map(|_| text)
}

impl Renderer<'_> {
    /// Counts one level more, so that a template cannot exhaust the stack.
    pub(super) fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(JinjaError::failed("maximum recursion depth exceeded"));
        }
        let done = work(self);
        self.depth -= 1;
        done
    }

    pub(super) fn lookup(&self, name: &str, scope: &Scope) -> Value {
        if let Some(value) = scope.get(name) {
            return value;
        }
        if let Some(value) = self.globals.get(name) {
            return value.clone();
        }
        let global = GLOBALS.iter().find(|global| **global == name);
        match global {
            Some(name) => Value::Callable(Rc::new(Callable::Global(name))),
            None => Value::undefined(name),
        }
    }

    pub(super) fn statements(
        &mut self,
        nodes: &[Node],
        scope: &Scope,
        out: &mut String,
    ) -> Result<ControlFlow> {
        for node in nodes {
            let flow = self
                .deeper(|run| run.statement(&node.statement, scope, out))
                .map_err(|error| error.at(node.line))?;
            if flow != ControlFlow::Next {
                return Ok(flow);
            }
            if out.len() > MOST {
                return Err(JinjaError::failed("the template writes without end").at(node.line));
            }
        }
        Ok(ControlFlow::Next)
    }

    fn statement(
        &mut self,
        statement: &Statement,
        scope: &Scope,
        out: &mut String,
    ) -> Result<ControlFlow> {
        match statement {
            Statement::Text(text) => out.push_str(text),
            Statement::Output(values) => {
                for value in values {
                    out.push_str(&self.value(value, scope)?.string()?);
                }
            }
            Statement::If {
                branches,
                otherwise,
            } => {
                for (condition, body) in branches {
                    if self.value(condition, scope)?.is_true() {
                        return self.statements(body, scope, out);
                    }
                }
                return self.statements(otherwise, scope, out);
            }
            Statement::For(found) => {
                let over = self.value(&found.over, scope)?;
                self.for_(found, over, scope, 0, out)?;
            }
            Statement::Set(target, value) => {
                let value = self.value(value, scope)?;
                self.assign(target, value, scope)?;
            }
            Statement::SetBlock(target, filters, body) => {
                let text = self.inner_text(body, scope)?;
                let value = self.with_block_text(text, filters, scope)?;
                self.assign(target, value, scope)?;
            }
            Statement::With(values, body) => {
                let inner = Scope::new(Some(scope));
                for (target, value) in values {
                    // What is bound here is not seen by what is bound next to it.
                    let value = self.value(value, scope)?;
                    self.assign(target, value, &inner)?;
                }
                return self.statements(body, &inner, out);
            }
            Statement::Macro(found) => {
                let callable = Callable::Macro(Arc::clone(found), scope.clone());
                scope.set(&found.name, Value::Callable(Rc::new(callable)));
                self.with_macros.push(scope.clone());
            }
            Statement::CallBlock(call, caller) => {
                let value = self.call_block(call, caller, scope)?;
                out.push_str(&value.string()?);
            }
            Statement::FilterBlock(filters, body) => {
                let text = self.inner_text(body, scope)?;
                let value = self.with_block_text(text, filters, scope)?;
                out.push_str(&value.string()?);
            }
            Statement::Generation(body) => {
                let text = self.inner_text(body, scope)?;
                out.push_str(&text);
            }
            Statement::Break => return Ok(ControlFlow::Break),
            Statement::Continue => return Ok(ControlFlow::Continue),
        }
        Ok(ControlFlow::Next)
    }

    /// What a block writes, with names of its own.
    fn inner_text(&mut self, body: &[Node], scope: &Scope) -> Result<String> {
        let mut text = String::new();
        match self.statements(body, &Scope::new(Some(scope)), &mut text)? {
            ControlFlow::Next => Ok(text),
            ControlFlow::Break | ControlFlow::Continue => Err(JinjaError::failed(
                "'break' or 'continue' outside of a loop",
            )),
        }
    }

    fn with_block_text(
        &mut self,
        text: String,
        filters: &super::ast::Expr,
        scope: &Scope,
    ) -> Result<Value> {
        let before = std::mem::replace(&mut self.block_text, Value::text(text));
        let value = self.value(filters, scope);
        self.block_text = before;
        value
    }

    fn assign(&mut self, target: &Target, value: Value, scope: &Scope) -> Result<()> {
        match target {
            Target::Name(name) => scope.set(name, value),
            Target::Tuple(targets) => {
                let values = value.walk()?;
                if values.len() != targets.len() {
                    return Err(JinjaError::failed(format!(
                        "cannot unpack: {} values for {} names",
                        values.len(),
                        targets.len()
                    )));
                }
                for (target, value) in targets.iter().zip(values) {
                    self.assign(target, value, scope)?;
                }
            }
            Target::Attribute(name, attribute) => {
                let Value::Namespace(values) = self.lookup(name, scope) else {
                    return Err(JinjaError::failed(
                        "cannot assign attribute on non-namespace object",
                    ));
                };
                private(attribute)?;
                let mut values = values.borrow_mut();
                match values.iter_mut().find(|(own, _)| own == attribute) {
                    Some((_, old)) => *old = value,
                    None => values.push((attribute.clone(), value)),
                }
            }
        }
        Ok(())
    }

    pub(super) fn for_(
        &mut self,
        found: &Arc<For>,
        over: Value,
        scope: &Scope,
        depth: usize,
        out: &mut String,
    ) -> Result<()> {
        let mut items = over.walk()?;
        if let Some(condition) = &found.condition {
            let mut kept = Vec::new();
            for item in items {
                let inner = Scope::new(Some(scope));
                self.assign(&found.target, item.clone(), &inner)?;
                if self.value(condition, &inner)?.is_true() {
                    kept.push(item);
                }
            }
            items = kept;
        }
        if items.is_empty() {
            self.statements(&found.otherwise, &Scope::new(Some(scope)), out)?;
            return Ok(());
        }
        let state = Rc::new(Loop {
            items,
            index: Cell::new(0),
            depth,
            changed: RefCell::new(None),
            again: found.recursive.then(|| (Arc::clone(found), scope.clone())),
        });
        for (index, item) in state.items.iter().enumerate() {
            state.index.set(index);
            let inner = Scope::new(Some(scope));
            inner.set("loop", Value::Loop(Rc::clone(&state)));
            self.assign(&found.target, item.clone(), &inner)?;
            if self.statements(&found.body, &inner, out)? == ControlFlow::Break {
                break;
            }
        }
        Ok(())
    }
}

/// The functions that every template has, of Jinja2 and of transformers.
const GLOBALS: [&str; 9] = [
    "range",
    "dict",
    "namespace",
    "raise_exception",
    "strftime_now",
    "lipsum",
    "cycler",
    "joiner",
    "self",
];

/// transformers lets a namespace have no attribute that begins so.
pub(super) fn private(name: &str) -> Result<()> {
    if name.starts_with('_') {
        return Err(JinjaError::failed(format!(
            "Chat templates cannot store underscore-prefixed attributes on a namespace, but got '{name}'."
        )));
    }
    Ok(())
}
