//! The rows that are compiled in.

macro_rules! rows {
    ($($name:literal)*) => {
        /// Names and texts, in the order of the alphabet.
        pub(super) const ROWS: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../schemes/", $name, ".toml"))),)*
        ];
    };
}

rows! {
    "aws-sigv4"
    "aws-sigv4-query"
    "binance"
    "binance-ed25519"
    "bingx"
    "bitfinex"
    "bitget"
    "bitget-decoded"
    "bitmex"
    "bitstamp"
    "bybit"
    "bybit-decoded"
    "coinbase-advanced"
    "coinbase-exchange"
    "coinbase-v2"
    "crypto-com"
    "deribit"
    "gate"
    "gemini"
    "github"
    "hawk"
    "hawk-sha1"
    "htx"
    "kraken"
    "kraken-json"
    "kucoin"
    "mexc"
    "mexc-contract"
    "okx"
    "okx-decoded"
    "raw-body"
    "shopify-app-proxy"
    "shopify-oauth"
    "shopify-webhook"
    "slack"
    "square"
    "standard-webhooks"
    "standard-webhooks-ed25519"
    "stripe"
    "svix"
    "twilio"
}
