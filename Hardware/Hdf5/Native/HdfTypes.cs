namespace Flyscan.Hardware.Hdf5.Native;

/// <summary>Numeric types by their NumPy names, as the library's identifiers.</summary>
internal static class HdfTypes
{
    private static readonly SortedDictionary<string, string> Symbols = new(StringComparer.Ordinal)
    {
        ["|u1"] = "H5T_STD_U8LE_g",
        ["<u1"] = "H5T_STD_U8LE_g",
        ["|i1"] = "H5T_STD_I8LE_g",
        ["<i1"] = "H5T_STD_I8LE_g",
        ["<u2"] = "H5T_STD_U16LE_g",
        ["<i2"] = "H5T_STD_I16LE_g",
        ["<u4"] = "H5T_STD_U32LE_g",
        ["<i4"] = "H5T_STD_I32LE_g",
        ["<u8"] = "H5T_STD_U64LE_g",
        ["<i8"] = "H5T_STD_I64LE_g",
        ["<f4"] = "H5T_IEEE_F32LE_g",
        ["<f8"] = "H5T_IEEE_F64LE_g",
    };

    public static long FileAccess => HdfLibrary.Identifier("H5P_CLS_FILE_ACCESS_ID_g");

    public static long DatasetCreation => HdfLibrary.Identifier("H5P_CLS_DATASET_CREATE_ID_g");

    public static long DatasetAccess => HdfLibrary.Identifier("H5P_CLS_DATASET_ACCESS_ID_g");

    public static long LinkCreation => HdfLibrary.Identifier("H5P_CLS_LINK_CREATE_ID_g");

    public static long Int64 => Of("<i8");

    public static long Double => Of("<f8");

    /// <summary>Whether the type's values are floating point; false is an integer.</summary>
    public static bool IsFloat(string numpyType) => numpyType.Length == 3 && numpyType[1] == 'f';

    /// <exception cref="ArgumentException">The type is none of those supported.</exception>
    public static void Validate(string numpyType)
    {
        if (!Symbols.ContainsKey(numpyType))
            throw new ArgumentException($"type '{numpyType}' cannot be stored; use one of {string.Join(", ", Symbols.Keys)}");
    }

    public static long Of(string numpyType)
    {
        Validate(numpyType);
        return HdfLibrary.Identifier(Symbols[numpyType]);
    }

    /// <summary>A new variable-length UTF-8 string type; to be closed by the caller.</summary>
    public static HdfId Text(string path)
    {
        var type = HdfId.Type(Hdf.H5Tcopy(HdfLibrary.Identifier("H5T_C_S1_g")), path, "making a text type");
        HdfErrors.Check(Hdf.H5Tset_size(type.Value, nuint.MaxValue), path, "making a text type");
        HdfErrors.Check(Hdf.H5Tset_cset(type.Value, Hdf.CharacterSetUtf8), path, "making a text type");
        return type;
    }
}
