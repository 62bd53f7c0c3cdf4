"""List prices of machines: Azure's public price list, and the one meter that is meant.

No sign-in and no token, one host, a bounded time and size: a plan never fails for a price, it
says that it is unknown. Of many meters of one size, the one is taken that bills an hour of a
Linux machine from today on; where none or more than one is left, the price is unknown.
Source: learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices
(2023-01-01-preview: values are case-sensitive, a thousand items a page, `NextPageLink`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from reconciler.bounded_json import loads
from reconciler.engine.money import Price, Rate, Unpriced

if TYPE_CHECKING:
    from reconciler.cloud.endpoints import Cloud
    from reconciler.cloud.session import BoundedSession

Item = Mapping[str, Any]
Tier = Literal["dedicated", "low_priority", "spot"]
API_VERSION = "2023-01-01-preview"
PATH = "/api/retail/prices"
BUDGET_S = 5.0
"""For all pages together, from the first byte that is sent."""
MAX_PAGES = 10
PRICE_LIST = "list price"
ESTIMATE = "Azure ML's estimate"
_NAME = re.compile(r"[A-Za-z0-9_]{1,80}", re.ASCII)
_REGION = re.compile(r"[a-z0-9]{1,40}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_SUFFIXES = {" spot": "spot", " low priority": "low_priority"}
_VM_TIERS = {"standard": "dedicated", "lowpriority": "low_priority", "spot": "spot"}
_OTHER_PRODUCTS = ("windows", "cloudservices", "cloud services")


@dataclass(frozen=True)
class Answer:
    """What the price list said: its items and the time there, or why there are none.

    `at` is the service's own `Date`: by a wrong clock here another day's price would be taken.
    """

    items: tuple[Item, ...] = ()
    problem: str = ""
    at: datetime | None = None


def ask(cloud: Cloud, sizes: Iterable[str], region: str, currency: str = "USD") -> Answer:
    """Return the meters of some sizes in a region, in one request and its further pages.

    Names that no size can have are not asked for. Raises nothing: what went wrong is told.
    """
    wanted = sorted({size for size in sizes if _NAME.fullmatch(size)})
    if not wanted or not _REGION.fullmatch(region) or not _CURRENCY.fullmatch(currency):
        return Answer()
    import requests

    with _session(cloud) as session:
        try:
            pages = list(_pages(session, cloud.prices, wanted, region, currency))
            items = tuple(item for page, _ in pages for item in page["Items"])
            return Answer(items, at=pages[0][1])
        except (requests.RequestException, ValueError) as error:
            return Answer(problem=f"{urlsplit(cloud.prices).netloc}: {error}")


def _session(cloud: Cloud) -> BoundedSession:
    from reconciler.cloud.session import session_of

    session = session_of(cloud, 1)
    session.auth = _without_sign_in  # else `requests` takes a password out of ~/.netrc
    return session


def _without_sign_in(request: Any) -> Any:
    request.headers.pop("Authorization", None)
    return request


def _pages(
    session: BoundedSession, base: str, sizes: Sequence[str], region: str, currency: str
) -> Iterator[tuple[dict[str, Any], datetime | None]]:
    """Yield each page with the time at which it was answered."""
    end = time.monotonic() + BUDGET_S
    query: dict[str, str] | None = {
        "api-version": API_VERSION,
        "meterRegion": "'primary'",
        "currencyCode": f"'{currency}'",
        "$filter": filter_of(sizes, region),
    }
    address = f"{base}{PATH}"
    for _ in range(MAX_PAGES):
        page, at = _page(session, address, query, end)
        yield page, at
        following = page.get("NextPageLink")
        if not following:
            return
        if not _is_same_list(str(following), base):
            raise ValueError("its next page is on another host")
        address, query = str(following), None
    raise ValueError(f"it has more than {MAX_PAGES} pages")


def _page(
    session: BoundedSession, address: str, query: dict[str, str] | None, end: float
) -> tuple[dict[str, Any], datetime | None]:
    left = end - time.monotonic()
    if left <= 0:
        raise ValueError(f"no answer within {BUDGET_S:g} s")
    session.request_s = left
    answer = session.get(address, params=query, timeout=left, allow_redirects=False)
    if answer.status_code != 200:
        raise ValueError(f"answered {answer.status_code}")
    page = loads(answer.content)
    items = page.get("Items") if isinstance(page, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("the answer is not a price list")
    return dict(page), _date(answer.headers.get("Date", ""))


def _date(text: str) -> datetime | None:
    """Return the moment of a `Date` header; None where it is not a date with its zone."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else None


def filter_of(sizes: Sequence[str], region: str) -> str:
    """Return the filter for the meters of some sizes in a region, billed as they are used."""
    named = " or ".join(f"armSkuName eq '{size}'" for size in sizes)
    return (
        f"serviceName eq 'Virtual Machines' and armRegionName eq '{region}' "
        f"and priceType eq 'Consumption' and ({named})"
    )


def _is_same_list(link: str, base: str) -> bool:
    parts, own = urlsplit(link), urlsplit(base)
    hosts = {own.netloc, f"{own.netloc}:443"}
    return parts.scheme == "https" and parts.netloc in hosts and parts.path == f"{own.path}{PATH}"


def choose(
    items: Iterable[Item],
    size: str,
    region: str,
    now: datetime,
    *,
    tier: Tier = "dedicated",
    currency: str = "USD",
) -> Price:
    """Return the price of an hour of a Linux machine out of all meters of the list.

    Unknown where no meter fits, where more than one does, and where its price is none.
    """
    fits = [item for item in items if _fits(item, size, region, tier, currency)]
    started = [(begun, item) for item in fits if (begun := _begun(item, now)) is not None]
    latest = max((begun for begun, _ in started), default=None)
    meters = {_identity(item): item for begun, item in started if begun == latest}
    if len(meters) != 1:
        return Unpriced(f"{len(meters)} meters of {size} fit" if meters else f"no meter of {size}")
    (item,) = meters.values()
    amount = _amount(item.get("retailPrice"))
    if amount is None:
        return Unpriced(f"the list has no price for {size}")
    return Rate(amount, currency, PRICE_LIST, now.date().isoformat())


def _fits(item: Item, size: str, region: str, tier: Tier, currency: str) -> bool:
    product = str(item.get("productName") or "").casefold()
    return (
        item.get("armSkuName") == size
        and item.get("armRegionName") == region
        and item.get("currencyCode") == currency
        and item.get("serviceName") == "Virtual Machines"
        and item.get("type") == "Consumption"
        and item.get("unitOfMeasure") == "1 Hour"
        and item.get("isPrimaryMeterRegion") is True
        and not any(word in product for word in _OTHER_PRODUCTS)
        and _tier(item) == tier
    )


def _tier(item: Item) -> str:
    """The tier that both names of a meter tell; "" where they differ."""
    found = {_tier_named(str(item.get(name) or "")) for name in ("skuName", "meterName")}
    return found.pop() if len(found) == 1 else ""


def _tier_named(name: str) -> str:
    folded = name.casefold()
    return next((t for suffix, t in _SUFFIXES.items() if folded.endswith(suffix)), "dedicated")


def _begun(item: Item, now: datetime) -> datetime | None:
    """When a price began to hold; None where it does not hold now."""
    start, end = _moment(item.get("effectiveStartDate")), _moment(item.get("effectiveEndDate"))
    if start is None or start > now or (end is not None and end <= now):
        return None
    return start


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _identity(item: Item) -> tuple[str, ...]:
    return tuple(str(item.get(name)) for name in ("meterId", "skuId", "retailPrice"))


def _amount(value: Any) -> Decimal | None:
    """A price as it is: a positive number. Zero is none: a list that has it there has a gap."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found > 0 else None


def estimate(vm_size: Item, tier: Tier = "dedicated", currency: str = "USD") -> Price:
    """Return the price that Azure ML's own list of VM sizes tells for a Linux machine.

    Source: published example VirtualMachineSize/list (`estimatedVMPrices`).
    """
    prices = vm_size.get("estimatedVMPrices")
    if not isinstance(prices, Mapping) or prices.get("unitOfMeasure") != "OneHour":
        return Unpriced("Azure ML tells no price")
    if prices.get("billingCurrency") != currency:
        return Unpriced(f"Azure ML tells no price in {currency}")
    found = {
        _amount(one.get("retailPrice"))
        for one in prices.get("values") or ()
        if str(one.get("osType")).casefold() == "linux"
        and _VM_TIERS.get(str(one.get("vmTier")).casefold()) == tier
    }
    amount = found.pop() if len(found) == 1 else None
    return Rate(amount, currency, ESTIMATE) if amount else Unpriced("Azure ML tells no price")
