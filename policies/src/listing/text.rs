//! A listing as text.

use super::{ListedEntity, ListedPolicy, ListedRoute, Listing};
use core::fmt;

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "bundle {} {}", self.name, self.version)?;
        writeln!(f, "  sha-256    {}", self.sha256)?;
        writeln!(f, "  bytes      {}", self.bytes)?;
        writeln!(f, "  principal  {}", self.principal_type)?;
        let group = self.group_type.as_deref().unwrap_or("none");
        writeln!(f, "  group      {group}")?;
        let signed = if self.publishers.is_empty() {
            "nobody".to_owned()
        } else {
            self.publishers.join(", ")
        };
        writeln!(f, "  signed by  {signed}")?;
        f.write_str("\nentities\n")?;
        self.entities.iter().try_for_each(|entity| entity.fmt(f))?;
        f.write_str("\nroutes\n")?;
        self.routes.iter().try_for_each(|route| route.fmt(f))?;
        f.write_str("\npolicies\n")?;
        self.policies.iter().try_for_each(|policy| policy.fmt(f))
    }
}

impl fmt::Display for ListedEntity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}", self.uid)?;
        if !self.ancestors.is_empty() {
            write!(f, " in [{}]", self.ancestors.join(", "))?;
        }
        if self.attributes != "{}" {
            write!(f, " = {}", self.attributes)?;
        }
        if self.tags != "{}" {
            write!(f, " tags {}", self.tags)?;
        }
        f.write_str("\n")
    }
}

impl fmt::Display for ListedRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = format!("{} {}", self.method, self.path);
        writeln!(f, "  {request:<32} {} on {}", self.action, self.resource)
    }
}

impl fmt::Display for ListedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {} {:?}", self.effect, self.id)?;
        for (name, value) in &self.annotations {
            writeln!(f, "    @{name}({value:?})")?;
        }
        for scope in [&self.principal, &self.action, &self.resource] {
            writeln!(f, "    {scope}")?;
        }
        for (at, instruction) in self.code.iter().enumerate() {
            let line = format!("{:<12}{}", instruction.opcode, instruction.operand);
            writeln!(f, "    {at:>5}  {}", line.trim_end())?;
        }
        Ok(())
    }
}
