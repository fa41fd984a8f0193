using System.Text;

namespace Flyscan.Hardware.Hdf5.Native;

/// <summary>Making files, groups and attributes; on the HDF5 thread.</summary>
internal static unsafe class HdfWriting
{
    /// <summary>Creates a file in the newest format; fails if there is one.</summary>
    public static HdfId CreateFile(string path)
    {
        if (File.Exists(path))
            throw new IOException($"{path}: exists already and is never overwritten; give the segment another number");
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new IOException($"{path}: cannot be created: the folder {folder} does not exist");
        using var access = FileAccess(path);
        return HdfId.File(Hdf.H5Fcreate(path, Hdf.Exclusive, Hdf.Default, access.Value), path, "creating the file");
    }

    /// <summary>File access properties: newest format, and closing a file closes what is open in it.</summary>
    public static HdfId FileAccess(string path)
    {
        var access = HdfId.List(Hdf.H5Pcreate(HdfTypes.FileAccess), path, "making access properties");
        HdfErrors.Check(
            Hdf.H5Pset_libver_bounds(access.Value, Hdf.LibraryLatest, Hdf.LibraryLatest), path, "choosing the newest format");
        HdfErrors.Check(Hdf.H5Pset_fclose_degree(access.Value, Hdf.CloseStrong), path, "setting how the file closes");

        // A program started meanwhile inherits the lock with the descriptor, and network file systems lack it; one writer per segment is
        // what the lease and exclusive creation are for. The function came with HDF5 1.10.7.
        if (HdfLibrary.Has(nameof(Hdf.H5Pset_file_locking)))
            HdfErrors.Check(Hdf.H5Pset_file_locking(access.Value, 0, 1), path, "turning file locking off");
        return access;
    }

    /// <summary>Makes the group and those above it where they are missing.</summary>
    public static void EnsureGroup(long file, string path, string group, string nexusClass)
    {
        if (group is "/" or "" || Exists(file, path, group))
            return;
        using var links = HdfId.List(Hdf.H5Pcreate(HdfTypes.LinkCreation), path, "making link properties");
        HdfErrors.Check(Hdf.H5Pset_create_intermediate_group(links.Value, 1), path, "making link properties");
        using var made = HdfId.Group(
            Hdf.H5Gcreate2(file, group, links.Value, Hdf.Default, Hdf.Default), path, $"creating group {group}");
        WriteText(made.Value, path, "NX_class", nexusClass);
    }

    /// <summary>Whether every link of an absolute path exists.</summary>
    public static bool Exists(long file, string path, string item)
    {
        for (var end = item.IndexOf('/', 1); ; end = item.IndexOf('/', end + 1))
        {
            var part = end < 0 ? item : item[..end];
            if (HdfErrors.Check(Hdf.H5Lexists(file, part, Hdf.Default), path, $"looking for {part}") == 0)
                return false;
            if (end < 0)
                return true;
        }
    }

    public static void WriteText(long item, string path, string name, string value)
    {
        using var type = HdfTypes.Text(path);
        using var space = HdfId.Space(Hdf.H5Screate(0), path, "making a space");
        var bytes = Terminated(value);
        fixed (byte* first = bytes)
        {
            var pointer = first;
            WriteAttribute(item, path, name, type.Value, space.Value, &pointer);
        }
    }

    public static void WriteTexts(long item, string path, string name, IReadOnlyList<string> values)
        => WithTexts(values, pointers =>
        {
            using var type = HdfTypes.Text(path);
            var count = (ulong)values.Count;
            using var space = HdfId.Space(Hdf.H5Screate_simple(1, &count, null), path, "making a space");
            WriteAttribute(item, path, name, type.Value, space.Value, (void*)pointers);
        });

    public static void WriteInt64(long item, string path, string name, long value)
    {
        using var space = HdfId.Space(Hdf.H5Screate(0), path, "making a space");
        WriteAttribute(item, path, name, HdfTypes.Int64, space.Value, &value);
    }

    public static void WriteInt64s(long item, string path, string name, IReadOnlyList<long> values)
    {
        var count = (ulong)values.Count;
        using var space = HdfId.Space(Hdf.H5Screate_simple(1, &count, null), path, "making a space");
        fixed (long* first = values.ToArray())
            WriteAttribute(item, path, name, HdfTypes.Int64, space.Value, first);
    }

    /// <summary>Calls with the address of an array of pointers to the texts as UTF-8.</summary>
    public static void WithTexts(IReadOnlyList<string> values, Action<nint> write)
    {
        var all = values.Select(Terminated).ToArray();
        var bytes = all.SelectMany(text => text).DefaultIfEmpty().ToArray();
        var pointers = new nint[Math.Max(1, values.Count)];
        fixed (byte* first = bytes)
        fixed (nint* table = pointers)
        {
            var offset = 0;
            for (var i = 0; i < all.Length; offset += all[i++].Length)
                table[i] = (nint)(first + offset);
            write((nint)table);
        }
    }

    private static void WriteAttribute(long item, string path, string name, long type, long space, void* value)
    {
        using var attribute = HdfId.Attribute(
            Hdf.H5Acreate2(item, name, type, space, Hdf.Default, Hdf.Default), path, $"creating attribute {name}");
        HdfErrors.Check(Hdf.H5Awrite(attribute.Value, type, value), path, $"writing attribute {name}");
    }

    private static byte[] Terminated(string value)
    {
        // A NUL inside would cut the text off where nobody expects it.
        var bytes = new byte[Encoding.UTF8.GetByteCount(value) + 1];
        _ = Encoding.UTF8.GetBytes(value.Replace('\0', ' '), bytes);
        return bytes;
    }
}
