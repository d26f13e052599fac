"""What is sold: product names, codes and prices by category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# category: typical price, adjectives, nouns
_RANGE: dict[str, tuple[float, str, str]] = {
    "KITCHEN": (9.5, "Oak,Enamel,Cast iron,Copper,Ceramic", "chopping board,saucepan,mixing bowl,colander,mortar,cake tin"),
    "TABLE": (6.2, "Stoneware,Glass,Speckled,Linen,Gold rim", "mug,dinner plate,carafe,napkin set,salad bowl,egg cup"),
    "GARDEN": (8.4, "Terracotta,Galvanised,Cedar,Copper,Slate", "planter,watering can,bird feeder,seed tin,hand trowel,plant label"),
    "STATIONERY": (3.1, "Recycled,Marbled,Pocket,Gilded,Dotted", "notebook,pencil set,card pack,wrapping paper,desk diary,sticker sheet"),
    "TOYS": (7.3, "Wooden,Knitted,Magnetic,Painted,Tin", "train,rabbit,puzzle,building blocks,spinning top,drum"),
    "LIGHT": (11.8, "Brass,Paper,Rattan,Frosted,Woven", "table lamp,lantern,string lights,candle holder,shade,tealight set"),
    "TEXTILES": (14.2, "Wool,Striped,Washed linen,Quilted,Velvet", "throw,cushion cover,tea towel,table runner,bath mat,blanket"),
    "BATH": (5.4, "Lavender,Sea salt,Bamboo,Charcoal,Rose", "soap bar,bath oil,body brush,hand cream,sponge,shower steamer"),
    "PANTRY": (4.6, "Organic,Smoked,Wildflower,Roasted,Spiced", "honey,sea salt,coffee beans,olive oil,chutney,tea tin"),
    "FESTIVE": (5.9, "Felt,Mercury glass,Star,Birch,Velvet", "bauble,garland,advent calendar,tree topper,stocking,wreath"),
}  # fmt: skip


@dataclass(frozen=True)
class Products:
    """Every product; those of category c are the entries c * size to (c + 1) * size - 1, most popular first."""

    code: NDArray[np.str_]
    name: NDArray[np.str_]
    price: NDArray[np.float64]
    n_categories: int

    @property
    def size(self) -> int:
        """Products in a category."""
        return len(self.code) // self.n_categories


def products(rng: np.random.Generator) -> Products:
    """The whole range, with prices drawn about each category's."""
    names, codes, prices = [], [], []
    for category, (price, adjectives, nouns) in _RANGE.items():
        pairs = [f"{adjective} {noun}" for adjective in adjectives.split(",") for noun in nouns.split(",")]
        names += [pairs[i] for i in rng.permutation(len(pairs))]
        codes += [f"{category[:2]}{number:03d}" for number in range(101, 101 + len(pairs))]
        prices += [price * factor for factor in np.exp(0.45 * rng.standard_normal(len(pairs)))]
    rounded = np.floor(np.maximum(prices, 0.5) * 2) / 2 + 0.45  # 4.45, 4.95, 5.45 ...
    return Products(np.array(codes), np.array(names), rounded, len(_RANGE))
