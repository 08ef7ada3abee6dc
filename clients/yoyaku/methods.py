"""Methods that are written once, as coroutines, and work on both the async and the blocking client.

`get_doctor` is declared as `@ClientMethod async def get_doctor(...)`. Looked up on a Client, it is that coroutine
function. Looked up on a BlockingClient, it is a plain function that runs the coroutine and waits for its result.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable
from contextlib import suppress
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_ROWS_PER_PAGE = 100
_END: Any = object()


class Blocking(ABC):
    """A client whose methods block until the answer arrives."""

    @abstractmethod
    def wait(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run the coroutine to its end; returns what it returns, and raises what it raises."""


class Paged(Protocol):
    """An answer with one page of a list."""

    @property
    def next_page_token(self) -> str:
        """The token for the next page; empty on the last one."""


Paging = TypeVar("Paging", bound=Paged)


class ClientMethod(Generic[P, R]):
    """A method that makes one call: a coroutine function on an async client, a plain function on a blocking one."""

    def __init__(self, function: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> None:
        self.function = function

    @overload
    def __get__(self, caller: None, owner: type) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]: ...
    @overload
    def __get__(self, caller: Blocking, owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, caller: object, owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, caller: object, owner: type) -> Callable[..., Any]:
        """The method, bound to a client."""
        if caller is None:
            return self.function
        method = MethodType(self.function, caller)
        if not isinstance(caller, Blocking):
            return method

        @functools.wraps(method)
        def waiting(*args: P.args, **kwargs: P.kwargs) -> Any:
            return caller.wait(method(*args, **kwargs))

        return waiting


class Each(Generic[P, T]):
    """A method that yields items: an async iterator on an async client, a plain iterator on a blocking one."""

    def __init__(self, function: Callable[Concatenate[Any, P], AsyncGenerator[T, None]]) -> None:
        self.function = function

    @overload
    def __get__(self, caller: None, owner: type) -> Callable[Concatenate[Any, P], AsyncGenerator[T, None]]: ...
    @overload
    def __get__(self, caller: Blocking, owner: type) -> Callable[P, Generator[T, None, None]]: ...
    @overload
    def __get__(self, caller: object, owner: type) -> Callable[P, AsyncGenerator[T, None]]: ...
    def __get__(self, caller: object, owner: type) -> Callable[..., Any]:
        """The method, bound to a client."""
        if caller is None:
            return self.function
        method = MethodType(self.function, caller)
        if not isinstance(caller, Blocking):
            return method

        @functools.wraps(method)
        def waiting(*args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
            items = method(*args, **kwargs)
            try:
                while (item := caller.wait(_next(items))) is not _END:
                    yield item
            finally:
                with suppress(RuntimeError):  # the client was closed first, which ended its calls
                    caller.wait(items.aclose())

        return waiting


class Rows(Each[P, T]):
    """A method that yields all rows of a list, page by page; takes the same arguments as the one for one page."""

    def __init__(self, page: ClientMethod[P, Paging], rows: Callable[[Paging], Iterable[T]]) -> None:
        async def every(caller: Any, /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
            options: dict[str, Any] = {"size": _ROWS_PER_PAGE, **kwargs}
            while True:
                answer = await page.function(caller, *args, **options)
                for row in rows(answer):
                    yield row
                if not answer.next_page_token:
                    return
                options["page_token"] = answer.next_page_token

        functools.update_wrapper(every, page.function)
        every.__doc__ = f"All rows of {page.function.__name__}, page by page; takes the same arguments."
        super().__init__(every)


async def _next(items: AsyncGenerator[T, None]) -> T:
    return await anext(items, _END)
