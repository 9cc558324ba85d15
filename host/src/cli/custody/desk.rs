//! Where somebody works: a store, a vault that is open, one environment, and who it is.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use countersign::Module;
use countersign_core::{Environment, UnixSeconds};
use countersign_custody::audit::{self, AuditError, Spool};
use countersign_custody::authority::{Authority, Factor, Principal};
use countersign_custody::founding::{Founding, HEADER};
use countersign_custody::life::LifePolicy;
use countersign_custody::store::{PostgresStore, RedbStore};
use countersign_custody::vault::{self, UnlockedVault};
use countersign_custody::{Custodian, Order, Space, Store, harden_process};

use super::deciding::Deciding;
use super::root::RootArguments;
use super::{Failure, Reason, clock, environment};

const STORE_VARIABLE: &str = "COUNTERSIGN_STORE";

/// Where everything is kept.
#[derive(Debug, Args)]
pub(super) struct StoreArguments {
    /// The store: a file, or the URL of a `PostgreSQL` database; else the environment variable
    /// `COUNTERSIGN_STORE` has it.
    #[arg(long, value_name = "FILE|URL")]
    store: Option<String>,
    /// A PEM file with the authorities that the database's certificate is checked by.
    #[arg(long, value_name = "FILE")]
    authorities: Option<PathBuf>,
}

impl StoreArguments {
    /// The store, which is there.
    pub(super) fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        let name = self.name()?;
        if !is_url(&name) && !Path::new(&name).exists() {
            let message = format!("there is no store at {name}");
            return Err(Failure::usage("store_absent", message)
                .with_help("`countersign vault init` makes one"));
        }
        self.open_or_make()
    }

    /// The store, made if there is none.
    pub(super) fn open_or_make(&self) -> Result<Arc<dyn Store>, Failure> {
        let name = self.name()?;
        if is_url(&name) {
            let store = PostgresStore::open(&name, self.authorities.as_deref())?;
            return Ok(Arc::new(store));
        }
        Ok(Arc::new(RedbStore::open(Path::new(&name))?))
    }

    fn name(&self) -> Result<String, Failure> {
        let named = self.store.clone();
        named
            .or_else(|| std::env::var(STORE_VARIABLE).ok())
            .ok_or_else(|| {
                Failure::usage("store_missing", "no store is named")
                    .with_help(format!("name it with --store, or set {STORE_VARIABLE}"))
            })
    }
}

fn is_url(name: &str) -> bool {
    name.starts_with("postgres://") || name.starts_with("postgresql://")
}

/// The vault's header.
pub(super) fn header(store: &dyn Store) -> Result<Vec<u8>, Failure> {
    let header = store.get(Space::Vault, HEADER)?;
    Ok(header.ok_or(countersign_custody::CustodyError::NotFounded)?)
}

/// Where somebody works, and what opens the vault.
#[derive(Debug, Args)]
pub(super) struct PlaceArguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    root: RootArguments,
    /// The environment: `dev`, `test` or `live`.
    #[arg(long = "env", value_name = "ENVIRONMENT", value_parser = environment)]
    environment: Environment,
    /// A file for revocations and suspensions while the store takes no writes.
    #[arg(long, value_name = "FILE")]
    spool: Option<PathBuf>,
}

/// Who works where.
#[derive(Debug, Args)]
pub(super) struct DeskArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Who you are: somebody with a role in the environment.
    #[arg(long = "as", value_name = "ACTOR")]
    actor: String,
    /// The code that your authenticator shows, where a second factor is asked for.
    #[arg(long, value_name = "CODE", conflicts_with = "approval")]
    code: Option<String>,
    /// The id of a second person's approval, where a second factor is asked for.
    #[arg(long, value_name = "ID")]
    approval: Option<String>,
}

/// Who does it, why, and to what.
#[derive(Debug, Args)]
pub(super) struct NamedArguments {
    #[command(flatten)]
    pub(super) desk: DeskArguments,
    #[command(flatten)]
    pub(super) reason: Reason,
    /// Its name.
    pub(super) name: String,
}

/// A place, opened.
pub(super) struct Place {
    pub(super) vault: Arc<UnlockedVault>,
    pub(super) custodian: Custodian,
    pub(super) now: UnixSeconds,
}

/// A desk, opened.
pub(super) struct Desk<'a> {
    pub(super) vault: Arc<UnlockedVault>,
    pub(super) custodian: Custodian,
    pub(super) actor: Principal,
    pub(super) now: UnixSeconds,
    factor: Option<Factor<'a>>,
}

impl PlaceArguments {
    /// Opens the vault, for this environment only. `who` is for the audit log.
    pub(super) fn open(&self, who: &str) -> Result<Place, Failure> {
        // What it could not do, `vault unlock` tells.
        let _ = harden_process();
        let now = clock()?;
        let store = self.store.open()?;
        let founding = Founding::read(&*store)?;
        let deciding = Deciding::by(founding.policies(&*store)?)?;
        let root = self.root.root()?;
        let vault = vault::unlock_only(&header(&*store)?, &root, &[self.environment])?;
        let vault = Arc::new(vault);
        self.archive_module(&*store, who, now)?;
        let mut custodian = Custodian::new(
            self.environment,
            store,
            vault.clone(),
            Arc::new(Authority::by(Arc::new(deciding))),
            LifePolicy::default(),
        );
        if let Some(path) = &self.spool {
            custodian = custodian.with_spool(Spool::at(path))?;
        }
        Ok(Place {
            vault,
            custodian,
            now,
        })
    }

    /// Keeps the module that decides here, so that its decisions can be made again. A spool is for when nothing
    /// can be written: then to stop a key goes before.
    fn archive_module(
        &self,
        store: &dyn Store,
        who: &str,
        now: UnixSeconds,
    ) -> Result<(), Failure> {
        let at_ms = now.get().saturating_mul(1000);
        match audit::archive_module(store, who, at_ms, Module::embedded_bytes()) {
            Err(AuditError::Store(_)) if self.spool.is_some() => Ok(()),
            outcome => Ok(outcome.map(drop)?),
        }
    }
}

impl DeskArguments {
    /// The code that was given.
    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Opens the vault, for this environment only.
    pub(super) fn open(&self) -> Result<Desk<'_>, Failure> {
        let Place {
            vault,
            custodian,
            now,
        } = self.place.open(&self.actor)?;
        let actor = Principal {
            // Whoever has the root in hand works at the machine itself.
            client_ip: Some(Ipv4Addr::LOCALHOST.into()),
            ..custodian.principal(&self.actor)?
        };
        let code = self.code.as_deref().map(Factor::Totp);
        Ok(Desk {
            vault,
            custodian,
            actor,
            now,
            factor: code.or(self.approval.as_deref().map(Factor::Approval)),
        })
    }
}

impl Desk<'_> {
    /// What is asked for now.
    pub(super) fn order<'a>(&'a self, reason: &'a str) -> Order<'a> {
        let order = Order::new(&self.actor, reason, self.now);
        match self.factor {
            Some(factor) => order.with(factor),
            None => order,
        }
    }
}
