"""Makes methods that are written once, as coroutines, work for the async and the blocking client."""

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
        """What the coroutine returns or raises."""


class Paged(Protocol):
    """An answer that is one page of a list."""

    @property
    def next_page_token(self) -> str:
        """The token for the next page; empty on the last one."""


Paging = TypeVar("Paging", bound=Paged)


class ClientMethod(Generic[P, R]):
    """A method that makes one call: a coroutine function on an async client, a blocking one otherwise."""

    def __init__(self, function: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> None:
        self.function = function

    @overload
    def __get__(self, caller: None, owner: type) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]: ...
    @overload
    def __get__(self, caller: Blocking, owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, caller: object, owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, caller: object, owner: type) -> Callable[..., Any]:
        """The method of one client."""
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
    """A method that gives one thing after the other: an async iterator, or of a blocking client an iterator."""

    def __init__(self, function: Callable[Concatenate[Any, P], AsyncGenerator[T, None]]) -> None:
        self.function = function

    @overload
    def __get__(self, caller: None, owner: type) -> Callable[Concatenate[Any, P], AsyncGenerator[T, None]]: ...
    @overload
    def __get__(self, caller: Blocking, owner: type) -> Callable[P, Generator[T, None, None]]: ...
    @overload
    def __get__(self, caller: object, owner: type) -> Callable[P, AsyncGenerator[T, None]]: ...
    def __get__(self, caller: object, owner: type) -> Callable[..., Any]:
        """The method of one client."""
        if caller is None:
            return self.function
        method = MethodType(self.function, caller)
        if not isinstance(caller, Blocking):
            return method

        @functools.wraps(method)
        def waiting(*args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
            things = method(*args, **kwargs)
            try:
                while (thing := caller.wait(_next(things))) is not _END:
                    yield thing
            finally:
                with suppress(RuntimeError):  # the client was closed first, and has ended its calls
                    caller.wait(things.aclose())

        return waiting


class Rows(Each[P, T]):
    """All rows of a list, page after page: takes what the method for one page takes."""

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
        every.__doc__ = f"All rows of {page.function.__name__}, page after page; takes the same arguments."
        super().__init__(every)


async def _next(things: AsyncGenerator[T, None]) -> T:
    return await anext(things, _END)
