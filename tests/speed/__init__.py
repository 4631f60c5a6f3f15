"""How fast the engine is beside fio, dd and nwipe, on loop devices that the bench makes itself."""
