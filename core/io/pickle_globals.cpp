#include "core/io/pickle_globals.h"

namespace alice {
namespace {

constexpr PickleGlobal storage(std::string_view name, DType dtype, size_t bytes, const char* other = nullptr) {
  return {"torch", name, PickleRole::storage, dtype, bytes, other};
}

constexpr PickleGlobal type(std::string_view name, DType dtype, size_t bytes, const char* other = nullptr) {
  return {"torch", name, PickleRole::dtype, dtype, bytes, other};
}

/// torch/_utils.py, torch/serialization.py and torch/storage.py of PyTorch 0.4 to 2.9 say which names torch.save
/// writes.
constexpr PickleGlobal kTorch[] = {
    storage("DoubleStorage", DType::f64, 8),
    storage("FloatStorage", DType::f32, 4),
    storage("HalfStorage", DType::f16, 2),
    storage("BFloat16Storage", DType::bf16, 2),
    storage("LongStorage", DType::i64, 8),
    storage("IntStorage", DType::i32, 4),
    storage("ShortStorage", DType::i16, 2),
    storage("CharStorage", DType::i8, 1),
    storage("ByteStorage", DType::u8, 1),
    storage("BoolStorage", DType::boolean, 1),
    storage("ComplexFloatStorage", DType::other, 8, "C64"),
    storage("ComplexDoubleStorage", DType::other, 16, "C128"),
    {"torch.storage", "UntypedStorage", PickleRole::untyped, DType::u8, 1},
    {"torch", "UntypedStorage", PickleRole::untyped, DType::u8, 1},
    type("float64", DType::f64, 8),
    type("float32", DType::f32, 4),
    type("float16", DType::f16, 2),
    type("bfloat16", DType::bf16, 2),
    type("int64", DType::i64, 8),
    type("int32", DType::i32, 4),
    type("int16", DType::i16, 2),
    type("int8", DType::i8, 1),
    type("uint8", DType::u8, 1),
    type("bool", DType::boolean, 1),
    type("float8_e4m3fn", DType::f8_e4m3, 1),
    type("float8_e5m2", DType::f8_e5m2, 1),
    type("uint16", DType::other, 2, "U16"),
    type("uint32", DType::other, 4, "U32"),
    type("uint64", DType::other, 8, "U64"),
    type("complex64", DType::other, 8, "C64"),
    type("complex128", DType::other, 16, "C128"),
    {"torch._utils", "_rebuild_tensor_v2", PickleRole::tensor},
    {"torch._utils", "_rebuild_tensor", PickleRole::tensor},
    {"torch._utils", "_rebuild_tensor_v3", PickleRole::tensor_as},
    {"torch._utils", "_rebuild_parameter", PickleRole::parameter},
    {"torch._utils", "_rebuild_parameter_with_state", PickleRole::parameter},
    {"torch._tensor", "_rebuild_from_type_v2", PickleRole::from_type},
    {"torch", "Size", PickleRole::size},
    {"torch.nn.modules.container", "ParameterDict", PickleRole::parameter_dict},
    {"collections", "OrderedDict", PickleRole::dict},
    {"collections", "defaultdict", PickleRole::dict},
};

/// What trainers leave beside the weights: numbers of NumPy, settings, the state of an optimiser. Each stands for plain
/// data in the files that were met; A1111's safe.py and ComfyUI's utils.py allow much the same.
constexpr PickleGlobal kNotes[] = {
    {"torch", "device"},
    {"torch", "Tensor"},
    {"torch.nn.parameter", "Parameter"},
    {"torch._utils", "_rebuild_device_tensor_from_numpy"},
    {"torch.optim.lr_scheduler", "LambdaLR"},
    {"numpy", "dtype"},
    {"numpy", "ndarray"},
    {"numpy", "float32"},
    {"numpy", "float64"},
    {"numpy", "int64"},
    {"numpy", "bool_"},
    {"numpy.core.multiarray", "scalar"},
    {"numpy.core.multiarray", "_reconstruct"},
    {"numpy._core.multiarray", "scalar"},
    {"numpy._core.multiarray", "_reconstruct"},
    {"numpy.dtypes", "Float32DType"},
    {"numpy.dtypes", "Float64DType"},
    {"numpy.dtypes", "Int64DType"},
    {"_codecs", "encode"},
    {"collections", "Counter"},
    {"collections", "deque"},
    {"argparse", "Namespace"},
    {"pathlib", "Path"},
    {"pathlib", "PosixPath"},
    {"pathlib", "WindowsPath"},
    {"pathlib", "PureWindowsPath"},
    {"pathlib", "PurePosixPath"},
    {"typing", "Any"},
    {"datetime", "datetime"},
    {"datetime", "timedelta"},
    {"copy_reg", "_reconstructor"},
    {"copyreg", "_reconstructor"},
};

/// Types of Python's own, under both names of their module.
constexpr std::string_view kBuiltins[] = {"set",   "frozenset", "int",       "float", "complex",
                                          "bool",  "bytes",     "bytearray", "str",   "object",
                                          "slice", "range",     "tuple",     "long",  "unicode"};

/// Modules all of whose classes count as notes: callbacks and settings of the frameworks that trained the world's
/// checkpoints.
constexpr std::string_view kNoteModules[] = {"pytorch_lightning.", "lightning.pytorch.", "lightning_fabric.",
                                             "lightning.fabric.", "omegaconf."};

constexpr PickleGlobal kNote{}, kDict{"", "", PickleRole::dict}, kList{"", "", PickleRole::list};

const PickleGlobal* builtin(std::string_view name) {
  if (name == "dict") return &kDict;
  if (name == "list") return &kList;
  for (const std::string_view known : kBuiltins)
    if (name == known) return &kNote;
  return nullptr;
}

/// A name with a dot is a way through attributes (protocol 4), which could lead anywhere: no class has one.
bool is_class_of_a_note(std::string_view module, std::string_view name) {
  if (name.find('.') != name.npos) return false;
  for (const std::string_view prefix : kNoteModules)
    if (module.substr(0, prefix.size()) == prefix) return true;
  return false;
}

}  // namespace

const PickleGlobal* pickle_global(std::string_view module, std::string_view name) {
  for (const PickleGlobal& known : kTorch)
    if (known.module == module && known.name == name) return &known;
  for (const PickleGlobal& known : kNotes)
    if (known.module == module && known.name == name) return &known;
  if (module == "builtins" || module == "__builtin__") return builtin(name);
  return is_class_of_a_note(module, name) ? &kNote : nullptr;
}

}  // namespace alice
