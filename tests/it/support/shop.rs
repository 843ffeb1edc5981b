//! A shop: people log in, look around, fill a cart and pay. It refuses what a real one would
//! refuse, and counts every call by endpoint and by user.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Form, MatchedPath, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::serving::Serving;

/// Who may log in: mail, password, country, as in the file that goes with the example.
const USERS: &str = include_str!("../../../thresholds/users.csv");
/// Products have the numbers from 1 to this.
const PRODUCTS: u64 = 100;

/// A running shop.
pub(crate) struct Shop {
    serving: Serving,
    till: Till,
}

type Till = Arc<Mutex<Books>>;

/// Everything the shop knows.
#[derive(Default)]
struct Books {
    /// Who is logged in, by token.
    tokens: BTreeMap<String, String>,
    carts: BTreeMap<u64, Cart>,
    /// What was ordered, by idempotency key.
    orders: BTreeMap<String, u64>,
    /// How often the stock was counted.
    counted: u64,
    made: u64,
    /// Calls by endpoint, with the first key of the query, and user; nobody's have an empty name.
    calls: BTreeMap<(String, String), u64>,
    /// What was refused, by endpoint and status.
    refused: BTreeMap<(String, u16), u64>,
}

struct Cart {
    owner: String,
    paid: bool,
}

/// Who a request was from, told by the one who answered it.
#[derive(Clone)]
struct Who(String);

impl Books {
    /// A number that nothing else has.
    fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Whose token came with a request.
    fn user(&self, headers: &HeaderMap) -> Option<String> {
        self.tokens.get(token(headers)?).cloned()
    }
}

/// The token that came in a header or as a cookie.
fn token(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION).and_then(|text| text.strip_prefix("Bearer "));
    let mut cookies = text(header::COOKIE).unwrap_or_default().split("; ");
    bearer.or_else(|| cookies.find_map(|cookie| cookie.strip_prefix("session=")))
}

impl Shop {
    /// Opens it; it listens when this returns.
    pub(crate) fn open() -> Self {
        let till = Till::default();
        Self { serving: Serving::routes(rooms(&till)), till }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.serving.address())
    }

    /// How many calls an endpoint had, such as `POST /cart/{id}/checkout` or `GET /search?q`, with
    /// the first key of its query; without one, whatever the query was.
    pub(crate) fn calls(&self, endpoint: &str) -> u64 {
        let books = lock(&self.till);
        let is = |name: &str| name == endpoint || name.split('?').next() == Some(endpoint);
        let of = books.calls.iter().filter(|((name, _), _)| is(name));
        of.map(|(_, calls)| calls).sum()
    }

    /// How many calls an endpoint had, user by user.
    pub(crate) fn by_user(&self, endpoint: &str) -> BTreeMap<String, u64> {
        let books = lock(&self.till);
        let of = books.calls.iter().filter(|((name, _), _)| name == endpoint);
        of.map(|((_, user), calls)| (user.clone(), *calls)).collect()
    }

    /// How many calls it had in all, without those that asked whether it is open.
    pub(crate) fn all_calls(&self) -> u64 {
        let books = lock(&self.till);
        let calls = books.calls.iter().filter(|((name, _), _)| name != "GET /health");
        calls.map(|(_, calls)| calls).sum()
    }

    /// What it refused: endpoint, status, how often.
    pub(crate) fn refused(&self) -> Vec<(String, u16, u64)> {
        let books = lock(&self.till);
        let refused = books.refused.iter();
        refused.map(|((name, status), calls)| (name.clone(), *status, *calls)).collect()
    }

    /// How many are logged in, and how many orders there are.
    pub(crate) fn inside(&self) -> (usize, usize) {
        let books = lock(&self.till);
        (books.tokens.len(), books.orders.len())
    }
}

fn rooms(till: &Till) -> Router {
    Router::new()
        .route("/health", get(|| async { "open" }))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/products", get(products))
        .route("/products/{id}", get(product))
        .route("/search", get(search))
        .route("/cart", post(fill))
        .route("/cart/{id}/checkout", post(checkout))
        .route("/stock", get(stock))
        .route("/stock/{id}", put(count))
        .layer(from_fn_with_state(Arc::clone(till), note))
        .with_state(Arc::clone(till))
}

/// Counts a call when it has been answered.
async fn note(State(till): State<Till>, asked: Request, next: Next) -> Response {
    let room = asked.extensions().get::<MatchedPath>().map_or("?", MatchedPath::as_str);
    let key = asked.uri().query().and_then(|query| query.split('=').next());
    let key = key.map_or(String::new(), |key| format!("?{key}"));
    let endpoint = format!("{} {room}{key}", asked.method());
    let known = lock(&till).user(asked.headers());
    let answer = next.run(asked).await;
    let told = answer.extensions().get::<Who>().map(|who| who.0.clone());
    let mut books = lock(&till);
    let user = told.or(known).unwrap_or_default();
    *books.calls.entry((endpoint.clone(), user)).or_default() += 1;
    let status = answer.status().as_u16();
    if status >= 400 {
        *books.refused.entry((endpoint, status)).or_default() += 1;
    }
    drop(books);
    answer
}

async fn login(State(till): State<Till>, Json(asked): Json<Value>) -> Response {
    let given = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
    let (mail, password) = (given("email"), given("password"));
    let mut users = USERS.lines().skip(1).map(|line| line.split(','));
    if !users.any(|mut line| line.next() == Some(&mail) && line.next() == Some(&password)) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "who?" }))).into_response();
    }
    let mut books = lock(&till);
    let token = format!("t{}", books.number());
    books.tokens.insert(token.clone(), mail.clone());
    drop(books);
    let cookie = [(header::SET_COOKIE, format!("session={token}; Path=/; HttpOnly"))];
    let mut answer = (cookie, Json(json!({ "token": token }))).into_response();
    answer.extensions_mut().insert(Who(mail));
    answer
}

async fn logout(State(till): State<Till>, headers: HeaderMap) -> Response {
    let mut books = lock(&till);
    let user = token(&headers).and_then(|token| books.tokens.remove(token));
    let Some(user) = user else { return refuse(StatusCode::UNAUTHORIZED) };
    let mut answer = StatusCode::NO_CONTENT.into_response();
    answer.extensions_mut().insert(Who(user));
    answer
}

async fn products(Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let country = asked.get("country").map_or("", String::as_str);
    if country.len() != 2 || !USERS.lines().skip(1).any(|line| line.ends_with(country)) {
        return refuse(StatusCode::BAD_REQUEST);
    }
    let first = country.bytes().map(u64::from).sum::<u64>() % (PRODUCTS - 10) + 1;
    let items: Vec<Value> = (first..first + 10).map(described).collect();
    Json(json!({ "country": country, "items": items })).into_response()
}

fn described(id: u64) -> Value {
    json!({ "id": id, "name": format!("product {id}"), "price": 5 * id })
}

async fn product(Path(id): Path<u64>) -> Response {
    match id {
        1..=PRODUCTS => Json(described(id)).into_response(),
        _ => refuse(StatusCode::NOT_FOUND),
    }
}

async fn search(Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let below = asked.get("below").and_then(|text| text.parse::<u64>().ok());
    match (asked.get("q"), below) {
        (Some(word), None) => Json(json!({ "word": word, "items": [] })).into_response(),
        (None, Some(price)) => {
            let items: Vec<Value> = (1..=price / 5).map(described).collect();
            Json(json!({ "items": items })).into_response()
        }
        (Some(_), Some(_)) | (None, None) => refuse(StatusCode::BAD_REQUEST),
    }
}

async fn fill(State(till): State<Till>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    let mut books = lock(&till);
    let Some(owner) = books.user(&headers) else { return refuse(StatusCode::UNAUTHORIZED) };
    // Forms of the web send numbers as texts.
    let product = &asked["product"];
    let product = product.as_u64().or_else(|| product.as_str()?.parse().ok());
    if !product.is_some_and(|id| (1..=PRODUCTS).contains(&id)) || asked["amount"] != 1 {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let id = books.number();
    books.carts.insert(id, Cart { owner, paid: false });
    (StatusCode::CREATED, Json(json!({ "id": id }))).into_response()
}

async fn checkout(
    State(till): State<Till>,
    Path(id): Path<u64>,
    headers: HeaderMap,
    Form(asked): Form<BTreeMap<String, String>>,
) -> Response {
    let mut books = lock(&till);
    let Some(user) = books.user(&headers) else { return refuse(StatusCode::UNAUTHORIZED) };
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let Some(key) = key else { return refuse(StatusCode::BAD_REQUEST) };
    if asked.get("mail") != Some(&user) {
        return refuse(StatusCode::FORBIDDEN);
    }
    if let Some(order) = books.orders.get(key) {
        return (StatusCode::CREATED, Json(json!({ "order": order }))).into_response();
    }
    match books.carts.get_mut(&id) {
        Some(cart) if cart.owner == user && cart.paid => return refuse(StatusCode::CONFLICT),
        Some(cart) if cart.owner == user => cart.paid = true,
        // Somebody else's cart is nobody's business.
        Some(_) | None => return refuse(StatusCode::NOT_FOUND),
    }
    books.orders.insert(key.to_owned(), id);
    (StatusCode::CREATED, Json(json!({ "order": id }))).into_response()
}

async fn stock(State(till): State<Till>) -> Response {
    let version = format!("\"{}\"", lock(&till).counted);
    ([(header::ETAG, version)], Json(json!({ "products": PRODUCTS }))).into_response()
}

async fn count(State(till): State<Till>, Path(id): Path<u64>, headers: HeaderMap) -> Response {
    let mut books = lock(&till);
    let Some(known) = headers.get(header::IF_MATCH) else {
        return refuse(StatusCode::PRECONDITION_REQUIRED);
    };
    if !(1..=PRODUCTS).contains(&id) {
        return refuse(StatusCode::NOT_FOUND);
    }
    if known.as_bytes() != format!("\"{}\"", books.counted).as_bytes() {
        return refuse(StatusCode::PRECONDITION_FAILED);
    }
    books.counted += 1;
    StatusCode::NO_CONTENT.into_response()
}

fn refuse(why: StatusCode) -> Response {
    (why, Json(json!({ "error": why.canonical_reason() }))).into_response()
}

/// The lock, also after a panic elsewhere.
fn lock(till: &Mutex<Books>) -> MutexGuard<'_, Books> {
    till.lock().unwrap_or_else(PoisonError::into_inner)
}
