"""Eight columns at once: a vector of numbers that compiled kernels load, reckon with and store.

Inside a kernel ``load(array, n)`` is the vector of ``array[n : n + WIDTH]`` (array of one axis,
contiguous), on which +, -, * and / act element by element; the compiler maps it to whatever vector
registers the processor has. Nothing checks the bounds.
"""

import operator
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, overload, register_model

WIDTH = 8
VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
# fused and reordered operations; infinities and NaN stay what they are
ALLOWED = ("contract", "reassoc")


class Lanes(types.Type):
    """Type of the vector."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


lanes = Lanes()


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, VECTOR)


def _address(context, builder, signature, arguments):
    data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
    index = context.cast(builder, arguments[1], signature.args[1], types.intp)
    return builder.bitcast(builder.gep(data, [index]), VECTOR.as_pointer())


@intrinsic
def load(typing: Any, array: types.Type, index: types.Type) -> tuple:
    """``array[index : index + WIDTH]``."""

    def generate(context, builder, signature, arguments):
        value = builder.load(_address(context, builder, signature, arguments))
        value.align = 8
        return value

    return lanes(array, index), generate


@intrinsic
def store(typing: Any, array: types.Type, index: types.Type, value: types.Type) -> tuple:
    """``array[index : index + WIDTH] = value``."""

    def generate(context, builder, signature, arguments):
        builder.store(arguments[2], _address(context, builder, signature, arguments)).align = 8
        return context.get_dummy_value()

    return types.void(array, index, value), generate


@intrinsic
def splat(typing: Any, number: types.Type) -> tuple:
    """The vector whose elements are all the same number."""

    def generate(context, builder, signature, arguments):
        single = context.cast(builder, arguments[0], signature.args[0], types.float64)
        value = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), single, ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
        return builder.shuffle_vector(value, ir.Constant(VECTOR, ir.Undefined), order)

    return lanes(number), generate


def _operate(symbol, instruction):
    @intrinsic
    def act(typing, x, y):
        def generate(context, builder, signature, arguments):
            return getattr(builder, instruction)(*arguments, flags=ALLOWED)

        return lanes(x, y), generate

    @overload(symbol)
    def choose(x, y):
        if isinstance(x, Lanes) and isinstance(y, Lanes):
            return lambda x, y: act(x, y)
        return None


_operate(operator.add, "fadd")
_operate(operator.sub, "fsub")
_operate(operator.mul, "fmul")
_operate(operator.truediv, "fdiv")
