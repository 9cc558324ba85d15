//! A root on a PKCS#11 token.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_core::Environment;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::RawAuthPin;

use super::super::{RootId, VaultError, cipher};
use crate::{Secret, entropy};

const NONCE_BYTES: usize = 12;
const TAG_BITS: u64 = 128;

/// The modules that this process has initialised. They stay: a module is one for the whole process
/// (PKCS#11 section 5.4), and another part of the program may use it too.
static MODULES: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

/// Which of a module's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenName {
    /// The only one with this label.
    Label(String),
    /// The one in this slot.
    Slot(u64),
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenName::Label(label) => write!(f, "with the label `{label}`"),
            TokenName::Slot(slot) => write!(f, "in slot {slot}"),
        }
    }
}

/// A PKCS#11 token, logged in to. It makes an AES-256 key for each environment, sensitive and not
/// extractable, and wraps and unwraps with it (AES-GCM): the key never leaves it.
pub struct Token {
    session: Mutex<Session>,
    label: String,
}

impl Token {
    /// Loads a module and logs in to one of its tokens as its user. The PIN is tried once.
    ///
    /// # Errors
    /// `token_module`, `token_absent`, `token_pin_refused`, `token_pin_locked`, `token_failed`.
    pub fn connect(module: &Path, name: &TokenName, pin: &Secret) -> Result<Self, VaultError> {
        let module = load(module)?;
        let slot = find(&module, name)?;
        let session = module.open_rw_session(slot).map_err(failed)?;
        let label = module.get_token_info(slot).map_err(failed)?;
        let label = label.label().trim_end().to_owned();
        let pin = RawAuthPin::new(Box::new(pin.reveal().to_vec()));
        match session.login_with_raw(UserType::User, &pin) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => return Err(failed(error)),
        }
        Ok(Token {
            session: Mutex::new(session),
            label,
        })
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Destroys a root's key of an environment, when the header has no such root any more. False if there
    /// was none.
    ///
    /// # Errors
    /// `token_failed`.
    pub fn destroy_key(&self, root: RootId, environment: Environment) -> Result<bool, VaultError> {
        let session = self.session();
        let Some(key) = key(&session, root, environment)? else {
            return Ok(false);
        };
        session.destroy_object(key).map_err(failed)?;
        Ok(true)
    }

    /// Makes a root's key of an environment, unless it has been made.
    pub(super) fn make_key(
        &self,
        root: RootId,
        environment: Environment,
    ) -> Result<(), VaultError> {
        let session = self.session();
        if key(&session, root, environment)?.is_some() {
            return Ok(());
        }
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::Wrap(false),
            Attribute::Unwrap(false),
            Attribute::Sign(false),
            Attribute::Verify(false),
            Attribute::Derive(false),
            Attribute::ValueLen((cipher::KEY_BYTES as u64).into()),
            Attribute::Label(format!("countersign {root} {}", environment.as_str()).into_bytes()),
            Attribute::Id(key_id(root, environment)),
        ];
        let made = session.generate_key(&Mechanism::AesKeyGen, &template);
        let made = made.map_err(failed)?;
        // What a token was asked for is not always what it did.
        if never_leaves(&session, made)? {
            return Ok(());
        }
        session.destroy_object(made).map_err(failed)?;
        Err(VaultError::TokenFailed(
            "it makes keys that can leave it".to_owned(),
        ))
    }

    /// `nonce || ciphertext || tag`.
    pub(super) fn wrap(
        &self,
        root: RootId,
        environment: Environment,
        context: &[u8],
        secret: &Secret,
    ) -> Result<Vec<u8>, VaultError> {
        let session = self.session();
        let key = key(&session, root, environment)?
            .ok_or_else(|| VaultError::TokenFailed("its new key is gone".to_owned()))?;
        let mut nonce = entropy::random::<NONCE_BYTES>()?;
        let mut wrapped = nonce.to_vec();
        let params = GcmParams::new(&mut nonce, context, TAG_BITS.into()).map_err(failed)?;
        let ciphertext = session.encrypt(&Mechanism::AesGcm(params), key, secret.reveal());
        wrapped.extend(ciphertext.map_err(failed)?);
        Ok(wrapped)
    }

    /// `None` if the token hasn't the key, or the wrapping was damaged.
    pub(super) fn unwrap(
        &self,
        root: RootId,
        environment: Environment,
        context: &[u8],
        wrapped: &[u8],
    ) -> Result<Option<Secret>, VaultError> {
        let session = self.session();
        let Some(key) = key(&session, root, environment)? else {
            return Ok(None);
        };
        let Some((nonce, ciphertext)) = wrapped.split_first_chunk::<NONCE_BYTES>() else {
            return Ok(None);
        };
        let mut nonce = *nonce;
        let params = GcmParams::new(&mut nonce, context, TAG_BITS.into()).map_err(failed)?;
        match session.decrypt(&Mechanism::AesGcm(params), key, ciphertext) {
            Ok(secret) => Ok(Some(Secret::new(secret))),
            Err(Error::Pkcs11(
                // The last is what SoftHSM says of a tag that doesn't match.
                RvError::EncryptedDataInvalid
                | RvError::EncryptedDataLenRange
                | RvError::GeneralError,
                _,
            )) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.label)
    }
}

fn load(path: &Path) -> Result<Pkcs11, VaultError> {
    let unusable = |error: Error| VaultError::TokenModule(error.to_string());
    let path = path
        .canonicalize()
        .map_err(|error| VaultError::TokenModule(error.to_string()))?;
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = modules.get(&path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(&path).map_err(unusable)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(unusable(error)),
    }
    modules.insert(path, module.clone());
    Ok(module)
}

fn find(module: &Pkcs11, name: &TokenName) -> Result<Slot, VaultError> {
    let mut found = Vec::new();
    for slot in module.get_slots_with_initialized_token().map_err(failed)? {
        let fits = match name {
            TokenName::Slot(id) => slot.id() == *id,
            TokenName::Label(label) => {
                module
                    .get_token_info(slot)
                    .map_err(failed)?
                    .label()
                    .trim_end()
                    == label
            }
        };
        found.extend(fits.then_some(slot));
    }
    match found.as_slice() {
        [slot] => Ok(*slot),
        _ => Err(VaultError::TokenAbsent(name.to_string())),
    }
}

fn key_id(root: RootId, environment: Environment) -> Vec<u8> {
    [&root.0, environment.as_str().as_bytes()].concat()
}

fn key(
    session: &Session,
    root: RootId,
    environment: Environment,
) -> Result<Option<ObjectHandle>, VaultError> {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::Id(key_id(root, environment)),
    ];
    let found = session.find_objects(&template).map_err(failed)?;
    Ok(found.first().copied())
}

fn never_leaves(session: &Session, key: ObjectHandle) -> Result<bool, VaultError> {
    let asked = [
        AttributeType::Sensitive,
        AttributeType::Extractable,
        AttributeType::NeverExtractable,
    ];
    let told = session.get_attributes(key, &asked).map_err(failed)?;
    let wanted = [
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::NeverExtractable(true),
    ];
    Ok(wanted.iter().all(|wanted| told.contains(wanted)))
}

fn failed(error: Error) -> VaultError {
    match error {
        Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
            VaultError::TokenPin
        }
        Error::Pkcs11(RvError::PinLocked, _) => VaultError::TokenPinLocked,
        other => VaultError::TokenFailed(other.to_string()),
    }
}
