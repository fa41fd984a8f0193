namespace Flyscan.Hardware.Hdf5.Native;

/// <summary>An open identifier and how it is closed.</summary>
internal readonly struct HdfId(long value, Func<long, int> close) : IDisposable
{
    public long Value { get; } = value;

    public static HdfId Group(long id, string path, string operation) => new(HdfErrors.Check(id, path, operation), Hdf.H5Gclose);

    public static HdfId Item(long id, string path, string operation) => new(HdfErrors.Check(id, path, operation), Hdf.H5Oclose);

    public static HdfId Space(long id, string path, string operation) => new(HdfErrors.Check(id, path, operation), Hdf.H5Sclose);

    public static HdfId Type(long id, string path, string operation) => new(HdfErrors.Check(id, path, operation), Hdf.H5Tclose);

    public static HdfId List(long id, string path, string operation) => new(HdfErrors.Check(id, path, operation), Hdf.H5Pclose);

    public static HdfId Attribute(long id, string path, string operation) => new(HdfErrors.Check(id, path, operation), Hdf.H5Aclose);

    public static HdfId Dataset(long id, string path, string operation) => new(HdfErrors.Check(id, path, operation), Hdf.H5Dclose);

    public static HdfId File(long id, string path, string operation) => new(HdfErrors.Check(id, path, operation), Hdf.H5Fclose);

    // The result is not looked at: what was to be kept has been flushed and checked before.
    public void Dispose() => _ = close(Value);
}
