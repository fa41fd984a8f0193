using System.Runtime.InteropServices;

namespace Flyscan.Hardware.Hdf5.Native;

/// <summary>The part of the HDF5 C interface that is used. To be called on the HDF5 thread only.</summary>
/// <remarks><b>Source</b> HDF5 1.10 reference manual; hid_t is 64 bits, herr_t and int are 32, hsize_t is 64.</remarks>
internal static unsafe partial class Hdf
{
    public const uint ReadOnly = 0x0;
    public const uint ReadWrite = 0x1;
    public const uint Exclusive = 0x4;
    public const uint SwmrRead = 0x40;
    public const int LibraryLatest = 2;
    public const int CloseStrong = 3;
    public const int ScopeGlobal = 1;
    public const int LayoutChunked = 2;
    public const int AllocateEarly = 1;
    public const int ScaleOffsetIntegers = 2;
    public const int SelectSet = 0;
    public const int CharacterSetUtf8 = 1;
    public const int WalkFromInnermost = 0;
    public const ulong Unlimited = ulong.MaxValue;
    public const long Default = 0;
    public const long All = 0;

    static Hdf() => System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(HdfLibrary).TypeHandle);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5open();

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5dont_atexit();

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Eset_auto2(long stack, nint function, nint data);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Ewalk2(long stack, int direction, delegate* unmanaged<uint, HdfErrorRecord*, nint, int> walk, nint data);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Eclear2(long stack);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long H5Fcreate(string path, uint flags, long creation, long access);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long H5Fopen(string path, uint flags, long access);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Fclose(long file);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Fflush(long identifier, int scope);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Fstart_swmr_write(long file);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Fget_vfd_handle(long file, long access, int** descriptor);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Fincrement_filesize(long file, ulong increment);

    [LibraryImport(HdfLibrary.Name)]
    public static partial long H5Pcreate(long kind);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pclose(long list);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int H5Pset(long list, string name, void* value);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pset_libver_bounds(long access, int low, int high);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pset_fclose_degree(long access, int degree);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pset_file_locking(long access, byte use, byte ignoreWhenDisabled);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pset_chunk(long creation, int rank, ulong* dimensions);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pset_scaleoffset(long creation, int type, int factor);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pset_chunk_cache(long access, nuint slots, nuint bytes, double preemption);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pset_alloc_time(long creation, int when);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pset_fill_value(long creation, long type, void* value);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Pset_create_intermediate_group(long linkCreation, uint create);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int H5Pset_virtual(long creation, long space, string sourceFile, string sourceDataset, long sourceSpace);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long H5Gcreate2(long parent, string path, long linkCreation, long creation, long access);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Gclose(long group);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long H5Oopen(long parent, string path, long access);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Oclose(long item);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int H5Lexists(long parent, string path, long access);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int H5Lcreate_hard(long from, string path, long to, string newPath, long linkCreation, long access);

    [LibraryImport(HdfLibrary.Name)]
    public static partial long H5Screate(int kind);

    [LibraryImport(HdfLibrary.Name)]
    public static partial long H5Screate_simple(int rank, ulong* dimensions, ulong* largest);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Sselect_hyperslab(long space, int how, ulong* start, ulong* stride, ulong* count, ulong* block);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Sget_simple_extent_ndims(long space);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Sget_simple_extent_dims(long space, ulong* dimensions, ulong* largest);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Sclose(long space);

    [LibraryImport(HdfLibrary.Name)]
    public static partial long H5Tcopy(long type);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Tset_size(long type, nuint size);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Tset_cset(long type, int characters);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Tclose(long type);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long H5Acreate2(long item, string name, long type, long space, long creation, long access);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Awrite(long attribute, long type, void* value);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Aclose(long attribute);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long H5Dcreate2(long parent, string path, long type, long space, long linkCreation, long creation, long access);

    [LibraryImport(HdfLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long H5Dopen2(long parent, string path, long access);

    [LibraryImport(HdfLibrary.Name)]
    public static partial long H5Dget_space(long dataset);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Drefresh(long dataset);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Dset_extent(long dataset, ulong* dimensions);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Dwrite(long dataset, long memoryType, long memorySpace, long fileSpace, long transfer, void* data);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Dwrite_chunk(long dataset, long transfer, uint filters, ulong* offset, nuint bytes, void* data);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Dread(long dataset, long memoryType, long memorySpace, long fileSpace, long transfer, void* data);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Dflush(long dataset);

    [LibraryImport(HdfLibrary.Name)]
    public static partial int H5Dclose(long dataset);
}

/// <summary>H5E_error2_t: one entry of the error stack.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct HdfErrorRecord
{
    public long Class;
    public long Major;
    public long Minor;
    public uint Line;
    public byte* Function;
    public byte* File;
    public byte* Description;
}
