//! The client of a cluster: from a kubeconfig, or from what EKS says of a cluster.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::fault::causes;
use crate::token::{BearerToken, TokenLayer};

/// Every request has an end: none of these is set by itself.
const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(20);
const WRITE: Duration = Duration::from_secs(10);

/// How a cluster is reached.
pub enum Connection {
    /// A kubeconfig's current context: of this file, or of `$KUBECONFIG` or `~/.kube/config`.
    Kubeconfig(Option<PathBuf>),
    /// What EKS's DescribeCluster answers.
    Eks {
        /// `https://….eks.amazonaws.com`.
        endpoint: String,
        /// The cluster's certificate authority: base64 of PEM, as EKS gives it, or PEM.
        certificate_authority: String,
        /// Who we are there.
        token: Arc<dyn BearerToken>,
    },
}

/// No client could be made. Nothing was sent yet.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig does not say how.
    #[error("the kubeconfig {place} cannot be used: {reason}")]
    Kubeconfig {
        /// Which.
        place: String,
        /// Why.
        reason: String,
    },
    /// The endpoint is no URL.
    #[error("the cluster's endpoint {endpoint:?} is not a URL such as https://….eks.amazonaws.com")]
    Endpoint {
        /// What it is.
        endpoint: String,
    },
    /// The certificate authority is not what EKS gives.
    #[error("the cluster's certificate authority is neither PEM nor base64 of PEM: {reason}")]
    CertificateAuthority {
        /// Why.
        reason: String,
    },
    /// TLS or the client's own set-up.
    #[error("no client for the cluster could be made: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
}

/// Makes the client. Reads files and, for some kubeconfigs, runs the program that they name;
/// must be called inside a tokio runtime.
pub async fn connect(connection: Connection) -> Result<Client, ConnectError> {
    match connection {
        Connection::Kubeconfig(path) => {
            let builder = ClientBuilder::try_from(bounded(from_kubeconfig(path).await?));
            builder.map(ClientBuilder::build).map_err(|error| client_fault(&error))
        }
        Connection::Eks { endpoint, certificate_authority, token } => {
            let https = |uri: &http::Uri| uri.scheme_str() == Some("https");
            let url = endpoint.parse().ok().filter(https);
            let url = url.ok_or(ConnectError::Endpoint { endpoint })?;
            let mut config = bounded(Config::new(url));
            config.root_cert = Some(certificates(&certificate_authority)?);
            let builder = ClientBuilder::try_from(config).map_err(|error| client_fault(&error))?;
            Ok(builder.with_layer(&TokenLayer::new(token)).build())
        }
    }
}

async fn from_kubeconfig(path: Option<PathBuf>) -> Result<Config, ConnectError> {
    let options = KubeConfigOptions::default();
    let place = path.as_ref().map_or_else(
        || "in $KUBECONFIG or ~/.kube/config".to_owned(),
        |path| path.display().to_string(),
    );
    let read = match path {
        Some(path) => match Kubeconfig::read_from(path) {
            Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &options).await,
            Err(error) => Err(error),
        },
        None => Config::from_kubeconfig(&options).await,
    };
    read.map_err(|error| ConnectError::Kubeconfig { place, reason: causes(&error) })
}

fn bounded(mut config: Config) -> Config {
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(READ);
    config.write_timeout = Some(WRITE);
    // Idle time of a kept connection is not the request's.
    config.reset_reader_on_write = true;
    // What is sent again, and how often, is our own to say.
    config.default_retry = false;
    config
}

fn client_fault(error: &kube::Error) -> ConnectError {
    ConnectError::Client { reason: causes(error) }
}

/// The certificates' bytes (DER).
fn certificates(text: &str) -> Result<Vec<Vec<u8>>, ConnectError> {
    let unfit = |reason: String| ConnectError::CertificateAuthority { reason };
    let pem = if text.trim_start().starts_with("-----BEGIN") {
        text.to_owned()
    } else {
        let compact: String = text.split_whitespace().collect();
        let bytes = data_encoding::BASE64
            .decode(compact.as_bytes())
            .map_err(|error| unfit(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| unfit(error.to_string()))?
    };
    let blocks = pem::parse_many(pem).map_err(|error| unfit(error.to_string()))?;
    let certificates: Vec<Vec<u8>> = blocks
        .into_iter()
        .filter(|block| block.tag() == "CERTIFICATE")
        .map(pem::Pem::into_contents)
        .collect();
    if certificates.is_empty() {
        return Err(unfit("it holds no certificate".to_owned()));
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_certificate_authority_comes_as_pem_or_as_eks_gives_it() {
        let base64 = data_encoding::BASE64.encode(PEM.as_bytes());
        let broken = format!("{}\n{}", &base64[..20], &base64[20..]);
        for text in [PEM, &base64, &broken] {
            assert_eq!(certificates(text).unwrap(), [vec![0, 1, 2]], "{text}");
        }
        let key = PEM.replace("CERTIFICATE", "PRIVATE KEY");
        for text in ["", "%%%", "AAEC", &key] {
            assert!(certificates(text).is_err(), "{text}");
        }
    }
}
