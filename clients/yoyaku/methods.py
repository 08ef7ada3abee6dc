"""How a method that is written once, as a coroutine, serves the async and the blocking client."""

import functools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_ROWS_PER_PAGE = 100
_END: Any = object()


class Waiting(ABC):
    """A client whose methods wait for the answer."""

    @abstractmethod
    def wait(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """What the coroutine returns or raises."""


class Paged(Protocol):
    """An answer that is one page of a list."""

    @property
    def next_page_token(self) -> str:
        """Gets the next page; empty on the last one."""


Paging = TypeVar("Paging", bound=Paged)


class Call(Generic[P, R]):
    """A method that makes one call: of an async client it is a coroutine function, of a blocking one it waits."""

    def __init__(self, function: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> None:
        self.function = function

    @overload
    def __get__(self, caller: None, owner: type) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]: ...
    @overload
    def __get__(self, caller: Waiting, owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, caller: object, owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, caller: object, owner: type) -> Callable[..., Any]:
        """The method of one client."""
        if caller is None:
            return self.function
        method = MethodType(self.function, caller)
        if not isinstance(caller, Waiting):
            return method

        @functools.wraps(method)
        def waiting(*args: P.args, **kwargs: P.kwargs) -> Any:
            return caller.wait(method(*args, **kwargs))

        return waiting


class Rows(Generic[P, T]):
    """All rows of a list, page after page: takes what the method for one page takes."""

    def __init__(self, page: Call[P, Paging], rows: Callable[[Paging], Iterable[T]]) -> None:
        async def every(caller: Any, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
            options: dict[str, Any] = {"size": _ROWS_PER_PAGE, **kwargs}
            while True:
                answer = await page.function(caller, *args, **options)
                for row in rows(answer):
                    yield row
                if not answer.next_page_token:
                    return
                options["page_token"] = answer.next_page_token

        self.function = functools.wraps(page.function)(every)
        self.function.__doc__ = f"All rows of {page.function.__name__}, page after page; takes the same arguments."

    @overload
    def __get__(self, caller: None, owner: type) -> Callable[Concatenate[Any, P], AsyncIterator[T]]: ...
    @overload
    def __get__(self, caller: Waiting, owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, caller: object, owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, caller: object, owner: type) -> Callable[..., Any]:
        """The method of one client."""
        if caller is None:
            return self.function
        method = MethodType(self.function, caller)
        if not isinstance(caller, Waiting):
            return method

        @functools.wraps(method)
        def waiting(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
            rows = method(*args, **kwargs)
            while (row := caller.wait(_next(rows))) is not _END:
                yield row

        return waiting


async def _next(rows: AsyncIterator[T]) -> T:
    return await anext(rows, _END)
