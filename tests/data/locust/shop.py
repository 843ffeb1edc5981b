"""The journey of thresholds/shop.toml as Locust's users walk it.

Takes from the environment USERS, the CSV file of those who may log in, and TURNS, after which
nobody does anything more.
"""

import csv
import os
import random
import uuid
from itertools import cycle

import gevent
from locust import HttpUser, TaskSet, between, constant_pacing, task
from locust.exception import StopUser

with open(os.environ["USERS"], newline="") as file:
    ROWS = cycle(list(csv.DictReader(file)))
TURNS = iter(range(int(os.environ["TURNS"])))
INSIDE = set()


def turn():
    """One more turn, or the end of this user."""
    if next(TURNS, None) is None:
        raise StopUser


class Shopper(HttpUser):
    weight = 9
    wait_time = between(0.002, 0.006)

    def on_start(self):
        INSIDE.add(self)
        self.row = next(ROWS)
        login = {"email": self.row["email"], "password": self.row["password"]}
        self.token = self.client.post("/login", json=login, name="login").json()["token"]
        self.bearer = {"authorization": f"Bearer {self.token}"}

    def on_stop(self):
        self.client.post("/logout", headers=self.bearer, name="logout")
        INSIDE.discard(self)
        if not INSIDE:
            gevent.spawn_later(0.1, self.environment.runner.quit)

    @task(6)
    def browse(self):
        turn()
        for _ in range(random.randint(1, 3)):
            country = self.row["country"]
            listed = self.client.get(f"/products?country={country}", name="/products")
            product = listed.json()["items"][0]["id"]
            self.client.get(f"/products/{product}", name="/products/:id")
            gevent.sleep(0.001)

    @task(2)
    def buy(self):
        turn()
        wanted = {"product": random.randint(1, 100), "amount": 1}
        cart = self.client.post("/cart", json=wanted, name="cart").json()
        self.client.post(
            f"/cart/{cart['id']}/checkout",
            data={"mail": self.row["email"]},
            headers={**self.bearer, "idempotency-key": str(uuid.uuid4())},
            name="checkout",
        )

    @task
    class Search(TaskSet):
        @task(3)
        def by_word(self):
            turn()
            word = random.choice(["blue", "red", "green"])
            self.client.get(f"/search?q={word}", name="search")
            self.interrupt()

        @task
        def by_price(self):
            turn()
            self.client.get(f"/search?below={random.randint(10, 90)}", name="search")
            self.interrupt()


class StockClerk(HttpUser):
    weight = 1
    wait_time = constant_pacing(0.1)

    @task
    def count(self):
        version = self.client.get("/stock").headers["etag"]
        with self.client.put(
            f"/stock/{random.randint(1, 100)}",
            json={"amount": 12},
            headers={"if-match": version},
            name="count",
            catch_response=True,
        ) as answer:
            # Another clerk was quicker.
            if answer.status_code == 412:
                answer.success()
